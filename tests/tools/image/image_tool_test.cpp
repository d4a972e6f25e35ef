// The image tool through the real client against a real server.
#include "runtime/async/offload.h"
#include "runtime/base/sha256.h"
#include "runtime/net/url.h"
#include "tests/fakes/fixtures.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/read_section.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"
#include "tests/tools/fake_context.h"
#include "tools/catalog.h"
#include "tools/section.h"
#include "tools/toolbox.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

namespace fs = std::filesystem;

const std::string kPng{"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\0\0\0\x03\0\x08\x06\0\0\0rest", 33};
constexpr const char* kPngCoded = "iVBORw0KGgoAAAANSUhEUgAABAAAAAMACAYAAAByZXN0";

PeerReply picture_reply() {
  return PeerReply::json(R"({"created":1,"data":[{"b64_json":")" + std::string(kPngCoded) +
                         R"(","revised_prompt":"A fox in snow at dawn"}]})");
}

struct Service {
  explicit Service(HttpPeer::Handler handler) : peer(std::move(handler)) {
    services.artifacts =
        std::make_shared<store::Artifacts>(fake.loop, workers, (folder.path() / "out").string());
    services.workers = &workers;
    settings.name = "painter";
    settings.type = "image";
    settings.base_url = peer.url("/v1");
    settings.api_key = "sk-canary-4711";
  }
  std::shared_ptr<Tool> tool() {
    auto made = make_tool(settings, services);
    REQUIRE_MESSAGE(made, (made ? std::string() : made.error().message));
    return *made;
  }
  Result<ToolOutput> call(Json arguments) {
    const auto mine = tool();
    return fakes::run(fake.loop, mine->call(ToolInput{std::move(arguments), "KEY-1"}, fake.context));
  }
  std::string text(Json arguments = {{"prompt", "a fox"}}) {
    const auto output = call(std::move(arguments));
    const std::string said = output ? output->text : "error: " + output.error().message;
    CHECK_FALSE(said.contains("canary"));
    return said;
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    if (fs::exists(folder.path() / "out"))
      for (const auto& entry : fs::recursive_directory_iterator(folder.path() / "out"))
        if (entry.is_regular_file()) found.push_back(entry.path());
    return found;
  }

  fakes::FakeContext fake;
  fakes::TempDir folder;
  HttpPeer peer;
  Workers workers{1};
  std::unique_ptr<net::HttpClient> http =
      net::make_curl_client(fake.loop, {.allow_private = {"127.0.0.1"}}, net::Guarding::guarded);
  ToolSettings settings;
  ToolServices services{fake.clock, *http, "Troupe/test", Patience{3, Milliseconds(1), Milliseconds(20)}};
};

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("image: a picture is kept below artifacts, and the agent reads where it is") {
  Service service([](const PeerRequest&) { return picture_reply(); });
  service.settings.image.model = "gpt-image-1";
  service.settings.image.parameters = {{"quality", "low"}};
  const std::string name = "images/" + sha256_hex(kPng).substr(0, 32) + ".png";

  CHECK(service.text() == "Kept below " + (service.folder.path() / "out").string() + ":\n- " + name +
                              " (PNG, 1024x768, 33 bytes)\n  drawn from: A fox in snow at dawn");
  CHECK(content_of(service.folder.path() / "out" / name) == kPng);
  const auto asked = service.peer.requests().at(0);
  CHECK(asked.method == "POST");
  CHECK(asked.target == "/v1/images/generations");
  CHECK(asked.header("authorization") == "Bearer sk-canary-4711");
  CHECK(asked.header("idempotency-key") == "KEY-1");
  CHECK(Json::parse(asked.body) == Json{{"quality", "low"}, {"model", "gpt-image-1"}, {"prompt", "a fox"}});
  CHECK(service.tool()->spec().effect == Effect::at_most_once);

  // The same again is the same file; nothing else is written.
  (void)service.text();
  CHECK(service.files().size() == 1);
}

TEST_CASE("image: a tenant's pictures are in a folder of its own") {
  Service service([](const PeerRequest&) { return picture_reply(); });
  service.fake.context.principal.tenant = "acme";
  CHECK(service.text().contains("- acme/images/"));
  REQUIRE(service.files().size() == 1);
  CHECK(service.files()[0].string().contains("/out/acme/images/"));
}

TEST_CASE("image: what may be asked for is what the settings allow") {
  Service service([](const PeerRequest& request) {
    const Json body = Json::parse(request.body);
    std::string data;
    for (int i = 0; i < body.value("n", 1); ++i)
      data += (i > 0 ? "," : "") + std::string(R"({"b64_json":")") + kPngCoded + "\"}";
    return PeerReply::json("{\"data\":[" + data + "]}");
  });
  CHECK(service.text({{"prompt", "a fox"}, {"size", "512x512"}}).contains("leave `size` out"));
  CHECK(service.text({{"prompt", "a fox"}, {"n", 2}}).contains("`n` must be from 1 to 1"));
  CHECK(service.text(Json::object()).contains("`prompt` is missing"));
  CHECK(service.text({{"prompt", std::string(70'000, 'x')}}).contains("at most 65536 are sent"));
  CHECK(service.peer.requests().empty());

  service.settings.image.sizes = {"1024x1024", "512x512"};
  service.settings.image.most = 3;
  auto box = Toolbox::make({{"painter", service.tool()}}, {"painter"});
  REQUIRE(box);
  CHECK(box->prepare("painter", Json{{"prompt", "x"}, {"size", "9x9"}}).error().code == ErrorCode::invalid);
  CHECK(box->prepare("painter", Json{{"prompt", "x"}, {"n", 4}}).error().code == ErrorCode::invalid);
  CHECK(box->prepare("painter", Json{{"prompt", "x"}, {"path", "/etc/x"}}).error().code ==
        ErrorCode::invalid);
  REQUIRE(box->prepare("painter", Json{{"prompt", "x"}, {"size", "512x512"}, {"n", 2}}));

  CHECK(service.text().contains("images/"));
  CHECK(Json::parse(service.peer.requests().at(0).body)["size"] == "1024x1024");
  const std::string two = service.text({{"prompt", "a fox"}, {"size", "512x512"}, {"n", 2}});
  const Json body = Json::parse(service.peer.requests().at(1).body);
  CHECK(body["size"] == "512x512");
  CHECK(body["n"] == 2);
  CHECK(two.substr(two.find("- images/") + 1).contains("- images/"));
}

TEST_CASE("image: a picture that is named by its address is fetched, without the key") {
  Service service([](const PeerRequest& request) {
    if (request.method == "POST")
      return PeerReply::json(R"({"data":[{"url":"http://)" + std::string(request.header("host")) +
                             R"(/a.png?sig=hidden-signature"}]})");
    if (request.path == "/a.png") return PeerReply::redirect("/b.png");
    return PeerReply(200, kPng).header("Content-Type", "image/png");
  });
  CHECK(service.text().contains(".png (PNG, 1024x768, 33 bytes)"));
  for (const auto& request : service.peer.requests())
    if (request.method == "GET") CHECK_FALSE(request.has_header("authorization"));
  CHECK(content_of(service.files().at(0)) == kPng);

  service.settings.allow_hosts = {"pictures.example"};
  const std::string said = service.text();
  CHECK(said.contains("could not be kept"));
  CHECK(said.contains("is not among those this tool may ask"));
  CHECK_FALSE(said.contains("hidden-signature"));
}

TEST_CASE("image: an address that is not public is not fetched") {
  Service service([](const PeerRequest&) {
    return PeerReply::json(
        R"({"data":[{"url":"http://169.254.169.254/latest/meta-data"},{"url":"file:///etc/passwd"},
      {"url":"http://127.0.0.2/x.png"}]})");
  });
  service.settings.image.most = 3;
  const std::string said = service.text({{"prompt", "a fox"}, {"n", 3}});
  CHECK(said.contains("could not be kept"));
  CHECK_FALSE(said.contains("root:"));
  CHECK(service.files().empty());
}

TEST_CASE("image: whatever address a service answers with, none that is not public is asked") {
  Service service([](const PeerRequest&) { return PeerReply(); });
  const auto http =
      net::make_curl_client(service.fake.loop, {.allow_private = {"localhost"}}, net::Guarding::guarded);
  ToolServices services{service.fake.clock, *http, "Troupe/test",
                        Patience{1, Milliseconds(1), Milliseconds(1)}};
  services.artifacts = service.services.artifacts;
  service.settings.base_url = service.peer.url_as("localhost", "/v1");
  auto made = make_tool(service.settings, services);
  REQUIRE(made);
  std::istringstream lines(fakes::read_fixture("outbound/refused_urls.tsv"));
  // Every other name of this machine is refused, and whatever comes to another one.
  const auto is_allowed = [](const std::string& url) {
    const auto parsed = net::Url::parse(url);
    return parsed && parsed->host() == "localhost";
  };
  int tried = 0;
  for (std::string line; std::getline(lines, line);) {
    std::string url = line.substr(0, line.find('\t'));
    if (line.starts_with('#') || url.size() == line.size()) continue;
    if (const auto at = url.find(":P"); at != url.npos)
      url.replace(at + 1, 1, std::to_string(service.peer.port()));
    if (is_allowed(url)) continue;
    CAPTURE(url);
    service.peer.answer([url](const PeerRequest& request) {
      return request.method == "POST" ? PeerReply::json(dump(Json{{"data", {{{"url", url}}}}}))
                                      : PeerReply(200, kPng).header("Content-Type", "image/png");
    });
    const auto output = fakes::run(service.fake.loop,
                                   (*made)->call(ToolInput{{{"prompt", "a fox"}}, ""}, service.fake.context));
    REQUIRE_FALSE(output);
    CHECK(output.error().message.contains("could not be kept"));
    ++tried;
  }
  CHECK(tried > 20);
  for (const auto& request : service.peer.requests()) CHECK(request.method == "POST");
  CHECK(service.files().empty());
}

TEST_CASE("image: what is fetched and is no picture is not kept") {
  Service service([](const PeerRequest&) { return PeerReply(); });
  const auto fetched = [&](PeerReply picture) {
    service.peer.answer([picture](const PeerRequest& request) {
      if (request.method == "GET") return picture;
      return PeerReply::json(R"({"data":[{"url":"http://)" + std::string(request.header("host")) +
                             R"(/a"}]})");
    });
    return service.text();
  };
  CHECK(fetched(PeerReply::html("<html>log in</html>"))
            .contains("answered with text/html and not with a picture"));
  CHECK(fetched(PeerReply(200, "<html>log in</html>").header("Content-Type", "image/png"))
            .contains("it is a text (19 bytes) and neither PNG nor JPEG nor WebP"));
  CHECK(fetched(PeerReply(403, "expired")).contains("answered HTTP 403"));
  CHECK(fetched(PeerReply::hang_up()).contains("could not be kept"));
  service.settings.image.bytes = 2'000;
  (void)fetched(PeerReply(200, kPng + std::string(5'000, 'x')).header("Content-Type", "image/png"));
  CHECK(service.call({{"prompt", "a fox"}}).error().code == ErrorCode::too_large);
  CHECK(service.files().empty());
}

TEST_CASE("image: of several pictures those that are good are kept, and the others are told") {
  Service service([](const PeerRequest&) {
    return PeerReply::json(R"({"data":[{"b64_json":"no base 64"},{"b64_json":")" + std::string(kPngCoded) +
                           R"("},{"b64_json":"R0lGODlh"}]})");
  });
  service.settings.image.most = 3;
  const std::string said = service.text({{"prompt", "a fox"}, {"n", 3}});
  CHECK(said.contains("Kept below "));
  CHECK(said.contains("These could not be kept:\n- what the service sent as base 64 is none\n- it is a GIF"));
  CHECK(service.files().size() == 1);
}

TEST_CASE("image: each way in which a service refuses is said in words, and never tried twice") {
  Service service([](const PeerRequest&) { return PeerReply(); });
  const auto error = [&](PeerReply next) {
    service.peer.answer([next](const PeerRequest&) { return next; });
    const auto output = service.call({{"prompt", "a fox"}});
    REQUIRE_FALSE(output);
    CHECK_FALSE(output.error().message.contains("canary"));
    return output.error();
  };
  CHECK(error(PeerReply::json(R"({"error":{"code":"content_policy_violation","message":"no"}})", 400))
            .message.contains("rules about content"));
  CHECK(error(PeerReply::json(R"({"error":{"message":"bad key sk-canary-4711"}})", 401))
            .message.contains("tools.painter.api_key"));
  CHECK(error(PeerReply::json(R"({"error":{"message":"you sent sk-canary-4711"}})", 400))
            .message.contains("***"));
  const Error busy = error(PeerReply(429, "slow down").header("Retry-After", "7"));
  CHECK(busy.code == ErrorCode::busy);
  CHECK(busy.retry_after == std::chrono::seconds(7));
  CHECK(error(PeerReply(500, "broken")).retryable);
  CHECK(error(PeerReply(200, "no json")).message.contains("not JSON"));
  CHECK(error(PeerReply::redirect("http://elsewhere.example/")).message.contains("not followed"));
  CHECK(error(PeerReply::hang_up()).message.contains("Whether it was carried out is not known"));
  service.settings.image.bytes = 1'024;
  CHECK(error(PeerReply(200, std::string(200'000, 'x'))).code == ErrorCode::too_large);
  CHECK(service.peer.requests().size() == 9);
  CHECK(service.files().empty());
}

TEST_CASE("image: a service that honours the key of a call is asked again with the same one") {
  int times = 0;
  Service service([&](const PeerRequest&) { return ++times < 3 ? PeerReply(503, "wait") : picture_reply(); });
  service.settings.effect = "idempotent";
  CHECK(service.tool()->spec().effect == Effect::idempotent);
  CHECK(service.text().contains("images/"));
  REQUIRE(service.peer.requests().size() == 3);
  for (const auto& request : service.peer.requests()) CHECK(request.header("idempotency-key") == "KEY-1");
}

TEST_CASE("image: a call that is cancelled ends at once and keeps nothing") {
  Service service([](const PeerRequest&) { return PeerReply::silence(); });
  const auto tool = service.tool();
  Stop stop;
  CallContext context{service.fake.loop, stop, Deadline(), service.fake.sink, Principal{}, "s", "r", "a", 1};
  Loop::Alarm alarm;
  std::function<void()> look = [&] {
    if (service.peer.counts().requests > 0) return stop.request(StopReason::cancelled);
    alarm = service.fake.loop.at(service.fake.clock.now() + Milliseconds(2), look);
  };
  alarm = service.fake.loop.at(service.fake.clock.now() + Milliseconds(2), look);
  const auto output =
      fakes::run(service.fake.loop, tool->call(ToolInput{{{"prompt", "a fox"}}, "K"}, context));
  REQUIRE_FALSE(output);
  CHECK(output.error().code == ErrorCode::cancelled);
  CHECK(service.files().empty());
}

TEST_CASE("image: a folder that cannot be written to is said, and so is none") {
  Service service([](const PeerRequest&) { return picture_reply(); });
  std::ofstream(service.folder.path() / "out") << "a file";
  CHECK(service.text().contains("could not be kept"));
  service.services.artifacts = nullptr;
  CHECK(service.text().contains("add `artifacts: ./out`"));
  CHECK(service.peer.requests().size() == 1);
}

TEST_CASE("image: the section reads what it declares, and settings that cannot work are no tool") {
  const auto settings = fakes::read_section(section(), R"(
painter:
  type: image
  api_key: sk-canary
  model: gpt-image-1
  sizes: [1024x1024, auto]
  max_images: 2
  max_bytes: 1MiB
  parameters: { quality: low }
  effect: idempotent
)");
  REQUIRE(settings.size() == 1);
  CHECK(settings[0].image.sizes == std::vector<std::string>{"1024x1024", "auto"});
  CHECK(settings[0].image.most == 2);
  CHECK(settings[0].image.bytes == std::size_t{1} << 20);
  CHECK(settings[0].image.parameters == Json{{"quality", "low"}});
  CHECK(settings[0].effect == "idempotent");

  Service service([](const PeerRequest&) { return picture_reply(); });
  const auto problem = [&] {
    const auto made = make_tool(service.settings, service.services);
    return made ? std::string() : made.error().message;
  };
  CHECK(problem().empty());
  service.settings.image.parameters = {{"n", 4}};
  CHECK(problem().contains("is written by the tool itself"));
  service.settings.image.parameters = Json::object();
  service.settings.api_key = "two words";
  CHECK(problem().contains("characters that no key has"));
  service.settings.api_key = "";
  CHECK(problem().empty());
  service.settings.base_url = "";
  CHECK(problem().contains("`api_key` is missing"));
}
