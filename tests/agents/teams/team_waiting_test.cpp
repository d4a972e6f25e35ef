#include "tests/agents/teams/team_world.h"
#include "tests/fakes/test_tool.h"

#include <algorithm>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

using Line = ScriptedModel::Line;

constexpr const char* kAgents = R"(
researcher: { role: researcher, model: m }
writer: { role: writer, model: m, tools: [send], approve: [send] }
editor: { role: editor, model: m, tools: [send], approve: [send], limits: { parallel: 1 } }
)";

std::string final_answer(const std::string& text) {
  return dump({{"thought", "done"}, {"final_answer", text}});
}
std::string action(const std::string& tool, Json input) {
  return dump({{"thought", "next"}, {"action", tool}, {"action_input", std::move(input)}});
}
std::string send() {
  return action("send", {{"x", 1}});
}

tools::ToolTable tools_of_people() {
  return {{"send", std::make_shared<fakes::TestTool>(
                       "send", tools::Effect::pure, [](const tools::ToolInput&) -> Result<tools::ToolOutput> {
                         return tools::ToolOutput{.text = "sent"};
                       })}};
}

/// A team whose members wait for people.
struct People {
  People(std::string teams, TeamWorld::Says says)
      : world(kAgents, std::move(teams), std::move(says), nullptr, tools_of_people()) {
    world.resume();
  }
  void ask(const std::string& target) {
    session = world.session(target);
    auto accepted = world.submit(session, "Please");
    REQUIRE(accepted);
    run = accepted->run;
  }
  std::string listed() {
    auto row = fakes::run(world.loop, world.journal->find_run(run));
    REQUIRE((row && *row));
    return (*row)->status;
  }
  void until_listed(const std::string& status) {
    constexpr int kTurns = 5'000;
    std::string seen = listed();
    for (int turn = 0; turn < kTurns && seen != status; ++turn) {
      fakes::run(world.loop, world.loop.sleep_for(1ms, never));
      seen = listed();
    }
    CHECK(seen == status);
  }
  void until_waiting(std::size_t calls) {
    world.until([&] { return world.desk->pending({"p", "acme"}, session).size() == calls; });
  }
  std::size_t asked_for() const { return world.events("approval.required").size(); }
  Result<> decide(const std::string& of = "", const std::string& call = "c_1") {
    return fakes::run(
        world.loop,
        world.desk->decide(
            {.principal = {"p", "acme"}, .session = session, .run = of, .call = call, .approve = true}));
  }
  std::string run_of(const std::string& agent) {
    for (const Json& event : world.events("run.started"))
      if (event.at("agent") == agent) return event.at("run");
    return "";
  }

  Stop never;
  TeamWorld world;
  std::string session;
  std::string run;
};

}  // namespace

TEST_CASE("a team is listed as waiting while all that is at work waits for people, also after a crash") {
  bool hang = true;
  People people("pair: { pattern: parallel, members: [writer, editor] }",
                [&](const std::string& role, const std::string& heard) -> Line {
                  if (!heard.contains("sent")) return send();
                  if (role == "writer" && hang) return ScriptedModel::Hang{};
                  return final_answer(role);
                });
  people.ask("pair");
  people.world.until([&] { return people.asked_for() == 2; });
  people.until_listed("waiting");
  REQUIRE(people.decide(people.run_of("pair/writer")));
  people.until_listed("running");
  hang = false;
  people.world.reopen(people.session);
  for (int crash = 0; crash < 2; ++crash) {  // the writer has finished, the editor still waits
    people.until_waiting(1);
    people.until_listed("waiting");
    people.world.reopen(people.session);
  }
  people.until_waiting(1);
  REQUIRE(people.decide(people.run_of("pair/editor")));
  CHECK(people.world.finished(people.run).at("status") == "done");
  CHECK(people.listed() == "done");
}

TEST_CASE(
    "who decides late, without saying of which run, is told that it was decided, not that nothing waits") {
  bool hang = true;
  People people(R"(
row: { pattern: sequential, tasks: [ { agent: writer, description: x }, { agent: researcher, description: y } ] }
)",
                [&](const std::string& role, const std::string& heard) -> Line {
                  if (role == "researcher" && hang) return ScriptedModel::Hang{};
                  return role == "writer" && !heard.contains("sent") ? send() : final_answer(role);
                });
  people.ask("row");
  people.world.until([&] { return people.asked_for() == 1; });
  REQUIRE(people.decide());
  people.world.until([&] { return std::ranges::count(people.world.asked, "researcher") == 1; });
  const auto code = [](const Result<>& decided) {
    REQUIRE_FALSE(decided);
    return decided.error().code;
  };
  // The member has ended, the team is at work.
  CHECK(code(people.decide()) == ErrorCode::conflict);
  CHECK(code(people.decide(people.run)) == ErrorCode::conflict);
  CHECK(code(people.decide("", "c_9")) == ErrorCode::not_found);
  hang = false;
  people.world.reopen(people.session);
  CHECK(people.world.finished(people.run).at("status") == "done");
  // And the team, too.
  people.world.until([&] { return people.world.desk->status().running == 0; });
  CHECK(code(people.decide()) == ErrorCode::conflict);
  CHECK(code(people.decide(people.run)) == ErrorCode::conflict);
  CHECK(code(people.decide(people.run_of("row/writer"))) == ErrorCode::conflict);
  CHECK(code(people.decide("", "c_9")) == ErrorCode::not_found);
  CHECK(code(people.decide("r_none")) == ErrorCode::not_found);
}

TEST_CASE("time goes on when a colleague begins while the others wait for people") {
  People people(R"(
trio: { pattern: parallel, members: [writer, editor, researcher], ask: { editor: [researcher] } }
)",
                [&](const std::string& role, const std::string& heard) -> Line {
                  if (role == "researcher" && heard.contains("what?")) return ScriptedModel::Hang{};
                  if (role == "researcher") return final_answer("facts");
                  if (heard.contains("sent"))
                    return action("ask", {{"to", "researcher"}, {"question", "what?"}});
                  return send();
                });
  people.ask("trio");
  people.world.until([&] { return people.asked_for() == 2; });
  people.until_listed("waiting");
  REQUIRE(people.decide(people.run_of("trio/editor")));
  people.world.until([&] { return std::ranges::count(people.world.asked, "researcher") == 2; });
  people.until_listed("running");
}

TEST_CASE("a call that waits for the place of one that waits for a person does not keep time going") {
  People people(R"(
desk: { pattern: supervisor, manager: editor, members: [writer, researcher] }
)",
                [&](const std::string& role, const std::string& heard) -> Line {
                  if (role == "writer") return heard.contains("sent") ? final_answer("text") : send();
                  if (role == "researcher") return final_answer("facts");
                  if (heard.contains("text")) return final_answer("all");
                  Json actions = Json::array();
                  for (const char* to : {"writer", "researcher"})
                    actions.push_back({{"tool", "delegate"}, {"input", {{"to", to}, {"task", "part"}}}});
                  return dump({{"thought", "both"}, {"actions", actions}});
                });
  people.ask("desk");
  people.world.until([&] { return people.asked_for() == 1; });
  people.until_listed("waiting");
  REQUIRE(people.decide());
  CHECK(people.world.finished(people.run).at("status") == "done");
}
