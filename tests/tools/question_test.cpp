#include "tools/question.h"

#include "tests/fakes/run_loop.h"
#include "tests/tools/fake_context.h"
#include "tools/builtin/ask_human/ask_human_tool.h"
#include "tools/json_schema.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;

TEST_CASE("a question is read from an input, and what is none of it is left empty") {
  const Question whole = question_of({{"question", "Which?"}, {"options", {"a", "b"}}});
  CHECK(whole.text == "Which?");
  CHECK(whole.options == std::vector<std::string>{"a", "b"});
  CHECK(question_of({{"question", 1}, {"options", "a"}}).text.empty());
  CHECK(question_of({{"question", "Which?"}, {"options", {1, "b"}}}).options ==
        std::vector<std::string>{"b"});
  CHECK(question_of("Which?").text.empty());
}

TEST_CASE("the schema takes a question with and without options, and nothing else") {
  auto schema = JsonSchema::parse(question_schema());
  REQUIRE(schema);
  CHECK(schema->check({{"question", "Which?"}}));
  CHECK(schema->check({{"question", "Which?"}, {"options", {"a", "b"}}, {"answer", "a"}}));
  CHECK_FALSE(schema->check({{"question", ""}}));
  CHECK_FALSE(schema->check({{"options", {"a", "b"}}}));
  CHECK_FALSE(schema->check({{"question", "Which?"}, {"options", {"a", ""}}}));
  CHECK_FALSE(schema->check({{"question", "Which?"}, {"urgent", true}}));
}

TEST_CASE("an error about a long answer shows its beginning, whole characters of it") {
  std::string long_answer;
  for (int i = 0; i < 100; ++i) long_answer += "ä";
  const auto told = answered({{"question", "?"}, {"options", {"a"}}}, Json{{"answer", long_answer}});
  REQUIRE_FALSE(told);
  CHECK(told.error().message.size() < 200);
  CHECK_FALSE(told.error().message.contains("\xEF\xBF\xBD"));
}

TEST_CASE("an answer is taken out where a model gave it") {
  Json input = {{"question", "?"}, {"answer", "mine"}};
  CHECK(take_out_answer(input));
  CHECK(input == Json{{"question", "?"}});
  CHECK_FALSE(take_out_answer(input));
}

TEST_CASE("the tool gives out the answer, and says so where nobody was asked") {
  fakes::FakeContext fake;
  AskHumanTool tool({.name = "boss", .type = "ask_human", .description = "", .default_answer = "no"});
  CHECK(tool.spec().asks);
  CHECK(tool.spec().effect == Effect::pure);
  CHECK(tool.spec().default_answer == "no");
  CHECK(tool.spec().declaration.name == "boss");
  const Json input = {{"question", "?"}, {"answer", "yes"}};
  auto answer = fakes::run(fake.loop, tool.call(ToolInput{input, ""}, fake.context));
  REQUIRE(answer);
  CHECK(answer->text == "yes");
  auto nobody = fakes::run(fake.loop, tool.call(ToolInput{Json{{"question", "?"}}, ""}, fake.context));
  REQUIRE_FALSE(nobody);
  CHECK(nobody.error().message.contains("nobody has answered"));
}
