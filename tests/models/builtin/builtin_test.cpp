#include "models/builtin/builtin.h"

#include "tests/models/builtin/conversation.h"
#include "tests/models/call.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

namespace {

Json ask(std::vector<Message> messages, std::vector<ToolDeclaration> tools, Caller* into = nullptr) {
  Caller own;
  Caller& caller = into ? *into : own;
  builtin::Builtin model({.name = "builtin"}, builtin::Zones({"Asia/Tokyo", "Asia/Seoul"}));
  auto reply = caller.call(model, request_of(std::move(messages), std::move(tools)));
  REQUIRE(reply.has_value());
  CHECK(reply->text == caller.sink.text);
  auto step = parse_json(reply->text);
  REQUIRE(step.has_value());
  return *step;
}

}  // namespace

TEST_CASE("a sum goes to the calculator and its result is the answer") {
  Json step = ask({instruct("You are helpful."), user("What is (17.5% of 2480) + 12^3?")}, {calculator()});
  CHECK(step["action"] == "calculator");
  CHECK(dump(step["action_input"]) == R"({"expression":"(17.5% of 2480) + 12^3"})");
  CHECK(step["thought"].is_string());

  Json final =
      ask({instruct("You are helpful."), user("What is (17.5% of 2480) + 12^3?"), assistant(dump(step)),
           user(R"({"observation":{"call":"c_1","tool":"calculator","ok":true,"output":"2162"}})")},
          {calculator()});
  CHECK(final["final_answer"] == "2162");
}

TEST_CASE("what rules cannot do is said plainly, with how to configure a model") {
  for (const char* question :
       {"Write a poem about autumn", "오늘 기분에 대한 시를 써줘", "def f(x): return x"}) {
    Json step = ask({user(question)}, {calculator()});
    std::string answer = step["final_answer"];
    CHECK(answer.find("models:") != std::string::npos);
    CHECK(answer.find("api_key") != std::string::npos);
    CHECK(answer.find("base_url") != std::string::npos);
  }
}

TEST_CASE("the reply is streamed in small chunks that are whole characters") {
  Caller caller;
  ask({user("안녕하세요")}, {calculator()}, &caller);
  CHECK(caller.sink.chunks.size() > 3);
  for (const std::string& chunk : caller.sink.chunks) {
    CHECK(chunk.size() <= 24);
    CHECK(parse_json("\"x\"").has_value());
    CHECK((static_cast<unsigned char>(chunk.front()) & 0xC0) != 0x80);
  }
}
