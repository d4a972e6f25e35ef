// The http tool through the real client against a real server.
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"
#include "tests/tools/fake_context.h"
#include "tools/catalog.h"
#include "tools/toolbox.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

struct Service {
  explicit Service(HttpPeer::Handler handler) : peer(std::move(handler)) {
    http = net::make_curl_client(fake.loop, {.allow_private = {"127.0.0.1", "localhost"}},
                                 net::Guarding::guarded);
  }
  ToolSettings at(std::string path, std::string method = "GET") const {
    ToolSettings settings{.name = "crm", .type = "http"};
    settings.url.text = peer.url(path);
    settings.method = std::move(method);
    return settings;
  }
  std::shared_ptr<Tool> tool(const ToolSettings& settings) {
    const ToolServices services{fake.clock, *http, "Troupe/test",
                                Patience{3, Milliseconds(1), Milliseconds(20)}};
    auto made = make_tool(settings, services);
    REQUIRE_MESSAGE(made, (made ? std::string() : made.error().message));
    return *made;
  }
  Result<ToolOutput> call(const ToolSettings& settings, Json arguments = Json::object()) {
    return fakes::run(fake.loop, tool(settings)->call(ToolInput{std::move(arguments), "KEY"}, fake.context));
  }
  std::string text(const ToolSettings& settings, Json arguments = Json::object()) {
    auto output = call(settings, std::move(arguments));
    return output ? output->text : "error: " + output.error().message;
  }

  fakes::FakeContext fake;
  HttpPeer peer;
  std::unique_ptr<net::HttpClient> http;
};

}  // namespace

TEST_CASE("http: an agent reads what the settings pick of an answer") {
  Service service([](const PeerRequest& request) {
    return PeerReply::json(R"({"customer":{"name":"Ann","id":")" + request.path.substr(1) +
                           R"("},"debug":"…"})");
  });
  auto settings = service.at("/{id}");
  settings.headers["Authorization"] = {.text = "Bearer secret-42",
                                       .hidden = {"Bearer secret-42", "secret-42"}};
  settings.response = {{"name", "/customer/name"}, {"id", "/customer/id"}};

  CHECK(service.text(settings, {{"id", "a/b"}}) == R"({"name":"Ann","id":"a/b"})");
  const auto seen = service.peer.requests().at(0);
  CHECK(seen.target == "/a%2Fb");
  CHECK(seen.header("authorization") == "Bearer secret-42");
  CHECK(seen.header("user-agent") == "Troupe/test");
  CHECK_FALSE(seen.has_header("idempotency-key"));
  CHECK(service.tool(settings)->spec().effect == Effect::pure);
}

TEST_CASE("http: an error status is an observation with the status and the beginning of the body") {
  Service service([](const PeerRequest& request) {
    if (request.path == "/binary")
      return PeerReply(500, std::string("\0\1", 2)).header("Content-Type", "image/png");
    return PeerReply(422, "name is missing " + std::string(5'000, 'x'));
  });
  auto output = service.call(service.at("/x?key=shown-to-nobody", "POST"));
  REQUIRE_FALSE(output);
  CHECK(output.error().code == ErrorCode::tool);
  CHECK(output.error().status == 422);
  CHECK(output.error().message.starts_with("POST " + service.peer.url("/x") +
                                           " answered HTTP 422: name is missing xxx"));
  CHECK(output.error().message.size() < 1'200);
  CHECK_FALSE(output.error().message.contains("shown-to-nobody"));
  CHECK(service.text(service.at("/binary", "POST")).contains("answered HTTP 500."));
  service.peer.answer([](const PeerRequest&) { return PeerReply(404, "no such user"); });
  CHECK(service.call(service.at("/y")).error().code == ErrorCode::not_found);
}

TEST_CASE("http: what is no text, is not wanted or is too large is not read") {
  Service service([](const PeerRequest& request) {
    if (request.path == "/png") return PeerReply(200, "PNG").header("Content-Type", "image/png");
    if (request.path == "/html") return PeerReply::html("<title>A page</title><p>words");
    if (request.path == "/empty") return PeerReply(204);
    return PeerReply(200, std::string(2'000, 'x')).header("Content-Type", "text/plain");
  });
  CHECK(service.text(service.at("/png"))
            .contains("answered with image/png (3 bytes), which this tool does not read"));
  auto json_only = service.at("/html");
  json_only.content_types = {"application/json"};
  CHECK(service.text(json_only).contains("answered with text/html"));
  const auto page = service.call(service.at("/html"));
  CHECK(page->text.contains("words"));
  REQUIRE(page->sources.size() == 1);
  CHECK(page->sources[0].title == "A page");
  CHECK(page->sources[0].url == service.peer.url("/html"));
  CHECK(service.text(service.at("/empty", "DELETE")) == "HTTP 204, without a text");
  auto small = service.at("/large");
  small.max_bytes = 1'000;
  CHECK(service.call(small).error().code == ErrorCode::too_large);
}

TEST_CASE("http: a secret that the service or a redirect shows is masked") {
  Service service([](const PeerRequest& request) {
    const std::string key(request.header("x-key"));
    if (request.path == "/echo")
      return PeerReply(200, "you sent " + key).header("Content-Type", "text/plain");
    if (request.path == "/page") return PeerReply::html("<title>" + key + "</title>" + key);
    if (request.path == "/away") return PeerReply::redirect("http://elsewhere.example/" + key);
    return PeerReply(403, "bad key " + key);
  });
  for (const char* path : {"/echo", "/page", "/away", "/refused"}) {
    CAPTURE(path);
    auto settings = service.at(path);
    settings.headers["X-Key"] = {.text = "k-4711-k", .hidden = {"k-4711-k"}};
    const auto output = service.call(settings);
    const std::string seen = output ? output->text + (output->sources.empty() ? "" : output->sources[0].title)
                                    : output.error().message;
    CHECK(seen.contains("***"));
    CHECK_FALSE(seen.contains("4711"));
  }
}

TEST_CASE("http: redirects are followed to allowed hosts only, and never for what is not a read") {
  Service service([](const PeerRequest& request) {
    if (request.path == "/loop") return PeerReply::redirect("/loop");
    if (request.path == "/same") return PeerReply::redirect("/end", 307);
    if (request.path == "/other")
      return PeerReply::redirect("http://localhost:" + std::string(request.header("host")).substr(10) +
                                 "/end");
    return PeerReply(200, "end " + std::string(request.header("x-key"))).header("Content-Type", "text/plain");
  });
  const auto with_key = [&](std::string path, std::string method = "GET") {
    auto settings = service.at(std::move(path), std::move(method));
    settings.headers["X-Key"].text = "k";
    return settings;
  };
  CHECK(service.text(with_key("/same")) == "end k");
  CHECK(service.text(with_key("/other"))
            .contains("where a redirect leads: the host `localhost` is not among those"));
  auto allowed = with_key("/other");
  allowed.allow_hosts = {"127.0.0.1", "localhost"};
  CHECK(service.text(allowed) == "end ");  // another origin does not see the key
  CHECK(service.text(with_key("/loop")).contains("more than 5 redirects"));
  auto none = with_key("/same");
  none.redirects = 0;
  CHECK(service.text(none).contains("answered HTTP 307, a redirect to /end that is not followed"));
  const auto before = service.peer.requests().size();
  CHECK(service.text(with_key("/same", "POST"))
            .contains("answered HTTP 307, a redirect to /end that is not followed"));
  CHECK(service.peer.requests().size() == before + 1);
}

TEST_CASE("http: what may be repeated is asked again while the service is busy, nothing else is") {
  Service service([](const PeerRequest&) { return PeerReply(503, "busy"); });
  const auto sent = [&](const ToolSettings& settings) {
    const auto before = service.peer.requests().size();
    CHECK(service.text(settings).contains("HTTP 503: busy"));
    return service.peer.requests().size() - before;
  };
  CHECK(sent(service.at("/")) == 3);
  CHECK(sent(service.at("/", "PUT")) == 3);
  CHECK(sent(service.at("/", "POST")) == 1);
  auto told = service.at("/", "POST");
  told.effect = "idempotent";
  CHECK(sent(told) == 3);
  for (const PeerRequest& request : service.peer.requests())
    CHECK(request.header("idempotency-key") == (request.method == "GET" ? "" : "KEY"));
}

TEST_CASE("http: after a request that nobody answered the agent knows that it may have been carried out") {
  Service service([](const PeerRequest&) { return PeerReply::hang_up(); });
  CHECK(service.text(service.at("/pay", "POST")).contains("Whether it was carried out is not known"));
  CHECK_FALSE(service.text(service.at("/pay")).contains("carried out"));
  CHECK(service.peer.requests().size() == 4);
}

TEST_CASE("http: a service is asked what became of a call by its key") {
  Service service([](const PeerRequest& request) {
    if (request.path == "/pay/done") return PeerReply::json(R"({"state":"paid"})");
    if (request.path == "/pay/never") return PeerReply(404);
    return PeerReply(500);
  });
  auto settings = service.at("/pay", "POST");
  settings.status.url.text = service.peer.url("/pay/{idempotency_key}");
  settings.response = "/state";
  const auto status = [&](const ToolSettings& of, std::string key) {
    return fakes::run(service.fake.loop, service.tool(of)->status(std::move(key), service.fake.context));
  };
  const auto done = status(settings, "done");
  REQUIRE(done);
  CHECK(done->kind == CallStatus::Kind::done);
  CHECK(done->output.text == "paid");
  CHECK(status(settings, "never")->kind == CallStatus::Kind::not_done);
  CHECK_FALSE(status(settings, "odd"));
  CHECK(status(service.at("/pay", "POST"), "done")->kind == CallStatus::Kind::unknown);
  CHECK(service.peer.requests().at(0).method == "GET");
}

TEST_CASE("http: a call ends when its time is over or it is stopped") {
  Service service([](const PeerRequest&) { return PeerReply::silence(); });
  auto settings = service.at("/");
  settings.timeout = Milliseconds(50);
  const Toolbox box = std::move(*Toolbox::make({{"crm", service.tool(settings)}}, {"crm"}));
  const CallOutcome outcome =
      fakes::run(service.fake.loop, box.call("crm", Json::object(), service.fake.context));
  CHECK(outcome.code == ErrorCode::timeout);
  CHECK(outcome.error.contains("did not finish within 0.05 s"));
}

TEST_CASE("http: arguments are held against the schema before anything is sent") {
  Service service([](const PeerRequest&) { return PeerReply(200, "x"); });
  auto settings = service.at("/{id}");
  settings.input = {{"properties", {{"id", {{"type", "integer"}}}}}, {"required", {"id"}}};
  const Toolbox box = std::move(*Toolbox::make({{"crm", service.tool(settings)}}, {"crm"}));
  CHECK_FALSE(box.prepare("crm", {{"id", "seven"}}));
  CHECK_FALSE(box.prepare("crm", Json::object()));
  CHECK(box.prepare("crm", {{"id", 7}}));
  CHECK(service.peer.connections() == 0);
}

TEST_CASE("http: a private address stays out of reach however it is written down") {
  fakes::FakeContext fake;
  HttpPeer canary([](const PeerRequest&) { return PeerReply(200, "caught"); });
  const auto http = net::make_curl_client(fake.loop, {}, net::Guarding::guarded);
  ToolSettings settings{.name = "crm", .type = "http"};
  settings.url.text = canary.url("/");
  const ToolServices services{fake.clock, *http, "t", Patience{3, Milliseconds(1), Milliseconds(20)}};
  auto output = fakes::run(
      fake.loop, (*make_tool(settings, services))->call(ToolInput{Json::object(), ""}, fake.context));
  REQUIRE_FALSE(output);
  CHECK(output.error().code == ErrorCode::denied);
  CHECK(output.error().message.contains("loopback (127.0.0.0/8)"));
  CHECK(canary.connections() == 0);
}
