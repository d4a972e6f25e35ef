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

PeerReply replies_with(const std::string& text) {
  const Json chunk = {{"model", "m"}, {"choices", {{{"index", 0}, {"delta", {{"content", text}}}}}}};
  return PeerReply::sse(
      {dump(chunk), R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})", "[DONE]"});
}

bool held(const fakes::PeerRequest& request) {
  return request.body.find("response_format") != std::string::npos;
}

std::string agent_on(const fakes::HttpPeer& peer, const std::string& more = "") {
  return fmt::format(R"(
models: {{ m: {{ provider: openai, model: gpt-4o-mini, base_url: "{}", api_key: k{} }} }}
tools: {{ calc: {{ type: calculator }} }}
agents: {{ a: {{ model: m, tools: [calc] }} }}
)",
                     peer.url("/v1"), more);
}

const std::string kCall =
    R"({"thought":"exactly","actions":[{"tool":"calc","input":{"expression":"6*7"}}],"final_answer":null})";
const std::string kAnswer = R"({"thought":"done","actions":null,"final_answer":"It is 42."})";

std::vector<Json> converse(const Daemon& daemon, int questions = 1) {
  SystemClock clock;
  Loop loop(clock);
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  run(loop, client.open());
  std::vector<Json> all;
  for (int i = 0; i < questions; ++i)
    for (Json& frame : run(loop, client.ask("m" + std::to_string(i), "What is 6*7?")))
      all.push_back(std::move(frame));
  return all;
}

}  // namespace

TEST_CASE("a provider with OpenAI's wire is asked for the form of a step, and its replies are read in it") {
  fakes::HttpPeer model(fakes::in_order({replies_with(kCall), replies_with(kAnswer)}));
  Daemon daemon(agent_on(model));
  daemon.start();
  const auto frames = converse(daemon);
  CHECK(frame_of(frames, "thought.delta")["text"] == "exactly");
  CHECK(frame_of(frames, "observation")["output"] == "42");
  CHECK(frame_of(frames, "answer")["text"] == "It is 42.");
  CHECK(frame_of(frames, "warning").is_null());
  const auto requests = model.requests();
  REQUIRE(requests.size() == 2);
  for (const auto& request : requests) {
    const Json format = (*parse_json(request.body))["response_format"];
    CHECK(format["type"] == "json_schema");
    CHECK(format["json_schema"]["strict"] == true);
    const Json& schema = format["json_schema"]["schema"];
    CHECK(schema["type"] == "object");
    CHECK(schema["properties"].begin().key() == "thought");
    CHECK(dump(schema["properties"]["actions"]).find(R"("enum":["calc"])") != std::string::npos);
  }
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("a server that takes no schema costs one request and one warning, and the run does not notice") {
  fakes::HttpPeer model([](const fakes::PeerRequest& request) {
    if (held(request))
      return PeerReply::json(
          R"({"error":{"message":"Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.","type":"invalid_request_error"}})",
          400);
    return replies_with(R"({"thought":"by heart","final_answer":"It is 42."})");
  });
  Daemon daemon(agent_on(model));
  daemon.start();
  const auto frames = converse(daemon, 2);
  int warnings = 0, answers = 0;
  for (const Json& frame : frames) {
    if (frame["type"] == "warning") {
      ++warnings;
      CHECK(frame["code"] == "constrain_off");
      CHECK(frame["text"].get<std::string>().find("constrain: off") != std::string::npos);
    }
    answers += frame["type"] == "answer";
  }
  CHECK(warnings == 1);
  CHECK(answers == 2);
  const auto requests = model.requests();
  REQUIRE(requests.size() == 3);
  CHECK(held(requests[0]));
  CHECK_FALSE(held(requests[1]));
  CHECK_FALSE(held(requests[2]));
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("constrain: off asks for no schema, and another word is refused") {
  fakes::HttpPeer model([](const fakes::PeerRequest&) { return replies_with(kAnswer); });
  Daemon daemon(agent_on(model, ", constrain: off"));
  daemon.start();
  CHECK(frame_of(converse(daemon), "answer")["text"] == "It is 42.");
  CHECK_FALSE(held(model.requests().at(0)));
  CHECK(daemon.stop().exit_code == 0);

  daemon.rewrite(agent_on(model, ", constrain: always"));
  const auto checked = daemon.run({"check", daemon.config()});
  CHECK(checked.exit_code == 2);
  CHECK((checked.out + checked.err).find("constrain") != std::string::npos);
}
