#include "memory/knowledge/search/rewrite.h"

#include "memory/knowledge/search/limits.h"
#include "tests/memory/search/search_bench.h"

using namespace troupe;
using namespace troupe::memory;
using models::Message;
using models::Role;
using troupe::memory::testing::SearchBench;

namespace {

const std::vector<Message> kHistory{{.role = Role::system, .content = "secret"},
                                    {.role = Role::user, .content = "How high is the tower?"},
                                    {.role = Role::assistant, .content = "330 m."}};

Standalone rewritten(SearchBench& bench, std::vector<Message> history, std::string question) {
  CallContext context = bench.call();
  const models::UseSink uncounted = [](const models::ModelUse&) {};
  auto result = fakes::run(
      bench.caller.loop, standalone_question(*bench.model, *bench.prompts.find("rewrite"), std::move(history),
                                             std::move(question), uncounted, context));
  REQUIRE_MESSAGE(result.has_value(), result.error().message);
  return std::move(*result);
}

}  // namespace

TEST_CASE("a follow-up question is rewritten by what was said before") {
  SearchBench bench;
  bench.model->say(R"({"question": "Who designed the tower?"})");
  const Standalone found = rewritten(bench, kHistory, "And who designed it?");
  CHECK(found.question == "Who designed the tower?");
  CHECK(found.remark.empty());
  CHECK(
      bench.model->heard().at(0) ==
      R"({"history":[{"role":"user","text":"How high is the tower?"},{"role":"assistant","text":"330 m."}],)"
      R"("question":"And who designed it?"})");
}

TEST_CASE("a first question is searched for as it is, and no model is asked") {
  SearchBench bench;
  CHECK(rewritten(bench, {}, "How high is it?").question == "How high is it?");
  CHECK(rewritten(bench, {kHistory[0]}, "How high is it?").question == "How high is it?");
  CHECK(bench.model->calls() == 0);
}

TEST_CASE("a model that fails leaves the question") {
  for (const auto& line : {fakes::ScriptedModel::Line("First line.\nSecond line."),
                           fakes::ScriptedModel::Line(Error{ErrorCode::model, "overloaded"})}) {
    SearchBench bench;
    bench.model->say(line);
    const Standalone found = rewritten(bench, kHistory, "And who designed it?");
    CHECK(found.question == "And who designed it?");
    CHECK(found.remark.contains("model scripted did not rewrite the question"));
    CHECK(bench.warnings() == std::vector<std::string>{"rewrite_failed"});
  }
}

TEST_CASE("questions as models write them") {
  for (const char* reply : {"Who designed the tower?", " \"Who designed the tower?\"\n",
                            "“Who designed the tower?”", R"({"question": " Who designed the tower? "})",
                            "```json\n{\"question\": \"Who designed the tower?\"}\n```"}) {
    auto question = read_standalone(reply);
    REQUIRE_MESSAGE(question.has_value(), reply);
    CHECK(*question == "Who designed the tower?");
  }
  const std::string long_one(limits::kStandaloneBytes + 1, 'x');
  for (const std::string& reply :
       {std::string(), std::string(" "), std::string("a\nb"), std::string("{\"q\": 1}"),
        std::string("[1, 2]"), std::string(R"({"question": ""})"), long_one})
    CHECK_MESSAGE(!read_standalone(reply).has_value(), reply.substr(0, 40));
}

TEST_CASE("a long conversation is shown from its end") {
  std::vector<Message> history;
  for (int i = 0; i < 40; ++i)
    history.push_back({.role = i % 2 ? Role::assistant : Role::user,
                       .content = std::to_string(i) + std::string(limits::kHistoryTurnBytes, 'x')});
  const Json data = rewrite_data(history, "q");
  REQUIRE(data["history"].size() == limits::kHistoryTurns);
  CHECK(data["history"].back()["text"].get<std::string>().starts_with("39x"));
  CHECK(data["history"].back()["text"].get<std::string>().size() == limits::kHistoryTurnBytes);
}
