#include "tests/agents/people/people_world.h"
#include "tests/fakes/test_tool.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

using Line = ScriptedModel::Line;

constexpr const char* kClerk = "clerk: { role: clerk, model: m }";

std::string flow(const std::string& people = "{}", const std::string& on_failure = "fail") {
  return "flow: { pattern: graph, start: ask, people: " + people + ", on_failure: " + on_failure + R"(,
    nodes: { ask: { person: "Refund {input}?" }, tell: { run: clerk, text: "They said: {ask}." } },
    edges: [ { from: ask, to: tell }, { from: tell, to: end } ] })";
}

Line repeats(const std::string&, const std::string& heard) {
  return says_final(heard);
}

/// Two members that ask the same person, each with its first call.
struct Two : People {
  Two()
      : People(
            R"({ left: { role: left, model: m, tools: [boss] }, right: { role: right, model: m, tools: [boss] } })",
            "pair: { pattern: parallel, members: [left, right] }",
            [](const std::string& role, const std::string& heard) -> Line {
              if (heard.contains("observation")) return says_final(role + ": " + heard);
              return says_action("boss", {{"question", "What for " + role + "?"}});
            },
            asking_tool("boss")) {
    begin("pair");
  }

  std::string run_of(const std::string& question) {
    for (const PendingApproval& one : pending())
      if (one.question == question) return one.run;
    return "";
  }
};

}  // namespace

TEST_CASE("a node asks a person without any tool being configured, and its text is the answer") {
  People people(kClerk, flow(), repeats);
  people.begin("flow", "20 EUR");
  people.waits();
  const PendingApproval waiting = people.pending()[0];
  CHECK(waiting.question == "Refund 20 EUR?");
  CHECK(waiting.run != people.run);
  CHECK(people.decide({.call = "c_1", .approve = true}).error().message.contains("answer"));
  REQUIRE(people.answer("gladly"));
  CHECK(people.end().at("status") == "done");
  CHECK(people.world.find(people.run, "answer").at("text").get<std::string>().contains("They said: gladly."));
  CHECK(people.answer("late", waiting.run).error().code == ErrorCode::conflict);
}

TEST_CASE("a question of a node waits on through a restart, and its answer stands through another") {
  People people(kClerk, flow(), repeats);
  people.begin("flow", "20 EUR");
  people.waits();
  people.restart();
  people.waits();
  CHECK(people.world.events("run.started").empty());
  REQUIRE(people.answer("gladly"));
  people.restart();
  const store::RunRow row = people.ended_row();  // perhaps before the restart
  CHECK(row.status == "done");
  CHECK(row.answer.contains("They said: gladly."));
  CHECK(people.world.events("approval.required").empty());
}

TEST_CASE("two members wait on calls of the same id: who decides must say which") {
  Two two;
  two.waits(2);
  auto vague = two.answer("x");
  REQUIRE_FALSE(vague);
  CHECK(vague.error().code == ErrorCode::invalid);
  const std::string left = two.run_of("What for left?"), right = two.run_of("What for right?");
  CHECK(vague.error().message.contains("2 calls `c_1` wait in this team: say which with `run`"));
  CHECK(vague.error().message.contains(left + ": boss"));
  CHECK(vague.error().message.contains(right + ": boss"));
  CHECK(two.answer("x", two.run).error().code == ErrorCode::invalid);  // the team's own run says no more

  REQUIRE(two.answer("ham", left));
  CHECK(two.answer("eggs", left).error().code == ErrorCode::conflict);
  two.waits(1);
  REQUIRE(two.answer("eggs"));  // now it is clear
  CHECK(two.end().at("status") == "done");
  const std::string text = two.world.find(two.run, "answer").at("text");
  CHECK(text.contains("ham"));
  CHECK(text.contains("eggs"));
}

TEST_CASE("both are asked again after a restart") {
  Two two;
  two.waits(2);
  const std::string left = two.run_of("What for left?");
  two.restart();
  two.waits(2);
  CHECK(two.run_of("What for left?") == left);
  two.world.until([&] { return two.world.events("approval.required").size() == 2; });
  REQUIRE(two.answer("ham", left));
  REQUIRE(two.answer("eggs", two.run_of("What for right?")));
  CHECK(two.end().at("status") == "done");
}

TEST_CASE("a question that a person declines, or that nobody answers in time, fails its node") {
  People declined(kClerk, flow(), repeats);
  declined.begin("flow");
  declined.waits();
  REQUIRE(declined.decide({.call = "c_1", .reason = "not my money"}));
  CHECK(declined.end().at("status") == "failed");
  CHECK(declined.end().at("error").get<std::string>().contains("not my money"));

  People late(kClerk, flow("{ timeout: 1h }", "skip"), repeats);
  late.begin("flow");
  late.waits();
  late.restart(2h);
  CHECK(late.end().at("status") == "done");
  CHECK(late.world.events("approval.denied").at(0).at("reason") == "nobody answered within 1h");
  CHECK(late.world.events("warning").at(0).at("code") == "member_skipped");
}

TEST_CASE("on_timeout: stop ends the team as unanswered, whatever is to be done about failures") {
  People people(kClerk, flow("{ timeout: 1h, on_timeout: stop }", "skip"), repeats);
  people.begin("flow");
  people.waits();
  people.restart(2h);
  const Json end = people.end();
  CHECK(end.at("status") == "denied");
  CHECK(end.at("reason") == "unanswered");
}

TEST_CASE("a default answer goes on in place of a person's") {
  People people(kClerk, flow(R"({ timeout: 1h, default_answer: "no, thanks" })"), repeats);
  people.begin("flow");
  people.waits();
  people.restart(2h);
  CHECK(people.end().at("status") == "done");
  CHECK(people.world.find(people.run, "answer")
            .at("text")
            .get<std::string>()
            .contains("They said: no, thanks."));
}

TEST_CASE("a tool of another kind under the name that people are asked with is told, not called") {
  tools::ToolTable table{{"ask_human", std::make_shared<fakes::TestTool>(
                                           "ask_human", tools::Effect::pure, [](const tools::ToolInput&) {
                                             return tools::ToolOutput{"yes", {}};
                                           })}};
  auto prompts = prompts::PromptSet::load("");
  REQUIRE(prompts);
  const std::vector<AgentSettings> agents = read_section<AgentSettings>(section(), kClerk);
  const std::vector<models::ModelSettings> entries{{.name = "m"}};
  const models::ModelTable models{
      {"m", std::make_shared<ScriptedModel>([](const models::ModelRequest&) { return Line{"x"}; })}};
  const MemorySources memory;
  const ChainTable chains;
  auto made = make_teams(read_section<TeamSettings>(teams_section(), flow()), {.agents = agents,
                                                                               .model_settings = entries,
                                                                               .models = models,
                                                                               .tools = table,
                                                                               .prompts = *prompts,
                                                                               .memory = memory,
                                                                               .chains = chains,
                                                                               .artifacts = nullptr});
  REQUIRE_FALSE(made);
  CHECK(made.error().code == ErrorCode::conflict);
  CHECK(made.error().message.contains("`type: ask_human`"));
}
