#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::frame_of;
using fakes::PeerReply;
using fakes::run;

namespace {

const std::string kData = "iVBORw0KGgoAAAANSUhEUg" + std::string(200'002, 'A');

PeerReply replies_with(const std::string& text) {
  const Json chunk = {{"model", "m"}, {"choices", {{{"index", 0}, {"delta", {{"content", text}}}}}}};
  return PeerReply::sse(
      {dump(chunk), R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})", "[DONE]"});
}

// The pictures of the last message of a request, as OpenAI's wire has them.
std::vector<std::string> pictures(const fakes::PeerRequest& request) {
  std::vector<std::string> urls;
  const Json body = *parse_json(request.body);
  const Json& content = body["messages"].back()["content"];
  if (content.is_array())
    for (const Json& part : content)
      if (part["type"] == "image_url") urls.push_back(part["image_url"]["url"]);
  return urls;
}

std::string message(const std::string& id, const std::string& attachments) {
  return fmt::format(R"({{"type":"message","id":"{}","text":"What is this?","attachments":{}}})", id,
                     attachments);
}

std::string agent_on(const fakes::HttpPeer& peer) {
  return fmt::format(R"(
models: {{ m: {{ provider: openai, model: m, base_url: "{}" }} }}
agents: {{ a: {{ model: m }} }}
)",
                     peer.url("/v1"));
}

}  // namespace

TEST_CASE("a picture over the socket reaches the provider, and does so again after kill -9") {
  fakes::HttpPeer model([](const fakes::PeerRequest&) { return PeerReply::silence(); });
  Daemon daemon(agent_on(model));
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  std::string session, started;
  {
    ChatClient client(loop);
    run(loop, client.connect(daemon.url()));
    session = run(loop, client.open())["session"];
    run(loop, client.send(message("m1", R"([{"type":"image","media_type":"image/png","data":")" + kData +
                                            R"("},{"type":"image","url":"https://x.example/b.jpg"}])")));
    const auto frames = run(loop, client.until("run.started"));
    CHECK(frames.back()["attachments"].size() == 2);
    CHECK(frames.back()["attachments"][0]["media_type"] == "image/png");
    started = frames.back()["run"];
    REQUIRE(model.wait_for_requests(1));
    client.drop();
  }
  daemon.kill();

  model.answer([](const fakes::PeerRequest&) {
    return replies_with(R"({"thought":"I look","final_answer":"A picture."})");
  });
  daemon.start();
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  run(loop, client.open(fmt::format(R"(,"session":"{}","after":0)", session)));
  const auto frames = run(loop, client.until("run.finished"));
  CHECK(frames.back()["status"] == "done");
  CHECK(frame_of(frames, "answer")["text"] == "A picture.");
  const auto requests = model.requests();
  REQUIRE(requests.size() == 2);
  for (const auto& request : requests) {
    const auto urls = pictures(request);
    REQUIRE(urls.size() == 2);
    CHECK(urls[0] == "data:image/png;base64," + kData);
    CHECK(urls[1] == "https://x.example/b.jpg");
  }

  // The next turn knows that there were pictures, and people are shown no megabytes.
  const auto next = run(loop, client.ask("m2", "And before?"));
  CHECK(next.back()["status"] == "done");
  CHECK(model.requests().back().body.find("What is this?\\n\\n[2 images]") != std::string::npos);
  CHECK(model.requests().back().body.find("AAAAAAAA") == std::string::npos);
  run(loop, client.close());
  CHECK(daemon.stop().exit_code == 0);
  const auto shown = daemon.run({"runs", "show", "--prompt", "-c", daemon.config(), started});
  CHECK(shown.exit_code == 0);
  CHECK(shown.out.find("AAAAAAAA") == std::string::npos);
  CHECK(shown.out.find("data:image/png;base64,…") != std::string::npos);
}

TEST_CASE("a picture that is not what it is said to be is an error, and the connection stays") {
  fakes::HttpPeer model(
      [](const fakes::PeerRequest&) { return replies_with(R"({"thought":"t","final_answer":"Yes."})"); });
  Daemon daemon(agent_on(model));
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  run(loop, client.open());
  run(loop, client.send(
                message("m1", R"([{"type":"image","media_type":"image/jpeg","data":"iVBORw0KGgoAAAAN"}])")));
  const Json error = run(loop, client.next());
  CHECK(error["type"] == "error");
  CHECK(error["ref"] == "m1");
  CHECK(error["code"] == "invalid");
  CHECK(error["message"].get<std::string>().find("said to be image/jpeg and is image/png") !=
        std::string::npos);
  CHECK(run(loop, client.ask("m2", "Still there?")).back()["status"] == "done");
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("the builtin model says that it sees no pictures") {
  Daemon daemon(R"(
models: { m: { provider: builtin } }
agents: { a: { model: m } }
)");
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  run(loop, client.open());
  run(loop, client.send(message("m1", R"([{"type":"image","url":"https://x.example/b.jpg"}])")));
  const auto frames = run(loop, client.until("run.finished"));
  const Json warning = frame_of(frames, "warning");
  CHECK(warning["code"] == "pictures_unseen");
  CHECK(warning["text"].get<std::string>().find("sees no pictures") != std::string::npos);
  CHECK(daemon.stop().exit_code == 0);
}
