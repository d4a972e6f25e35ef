#include "tests/agents/teams/team_world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

using Line = ScriptedModel::Line;

constexpr const char* kAgents = R"(
researcher: { role: researcher, description: finds things, model: m }
writer: { role: writer, description: writes things, model: m }
editor: { role: editor, model: m }
)";

std::string final_answer(const std::string& text) {
  return dump({{"thought", "done"}, {"final_answer", text}});
}
std::string action(const std::string& tool, Json input) {
  return dump({{"thought", "next"}, {"action", tool}, {"action_input", std::move(input)}});
}

constexpr const char* kReport = R"(
report:
  pattern: sequential
  tasks:
    - { name: research, agent: researcher, description: "Find out about {topic}" }
    - { name: write, agent: writer, description: "Write it up", context: [research] }
)";

}  // namespace

TEST_CASE("tasks in sequence: each a message, a run of its member and a reply, under one run") {
  TeamWorld world(kAgents, kReport, [](const std::string& role, const std::string& heard) -> Line {
    if (role == "researcher") return final_answer("bees dance");
    return final_answer(heard.contains("bees dance") ? "A report on dancing bees" : "nothing to go by");
  });
  world.resume();
  const Json end = world.ask("report", "Please report", {{"topic", "bees"}});
  CHECK(end.at("status") == "done");
  CHECK(end.at("reason") == "final_answer");
  CHECK(end.at("steps") == 2);
  const std::string run = end.at("run");
  CHECK(world.find(run, "answer").at("text") == "A report on dancing bees");
  const std::vector<std::string> story = world.story();
  const std::vector<std::string> expected = {"run.started report",
                                             "message report",
                                             "run.started report/researcher",
                                             "thought report/researcher",
                                             "answer report/researcher",
                                             "usage report/researcher",
                                             "run.finished report/researcher",
                                             "message report/researcher",
                                             "message report",
                                             "run.started report/writer",
                                             "thought report/writer",
                                             "answer report/writer",
                                             "usage report/writer",
                                             "run.finished report/writer",
                                             "message report/writer",
                                             "answer report",
                                             "run.finished report"};
  CHECK(story == expected);
  for (const Json& event : world.events("run.started"))
    if (event.at("agent") != "report") CHECK(event.at("parent") == run);
}

TEST_CASE("a team that lacks an input says which, and where it is used") {
  TeamWorld world(kAgents, kReport, [](const std::string&, const std::string&) -> Line { return ""; });
  world.resume();
  auto accepted = world.submit(world.session("report"), "Please report");
  REQUIRE_FALSE(accepted);
  CHECK(accepted.error().message.contains("`topic`"));
  CHECK(accepted.error().message.contains("tasks[0].description"));
}

TEST_CASE("a member whose model fails ends the team as failed, with who and why") {
  TeamWorld world(kAgents, kReport, [](const std::string& role, const std::string&) -> Line {
    if (role == "writer") return Error{ErrorCode::model, "the model is out to lunch"};
    return final_answer("bees");
  });
  world.resume();
  const Json end = world.ask("report", "Please", {{"topic", "bees"}});
  CHECK(end.at("status") == "failed");
  CHECK(end.at("reason") == "member_failed");
  CHECK(string_or(end, "error").contains("writer"));
  CHECK(string_or(end, "error").contains("out to lunch"));
}

TEST_CASE("cancel of a team is answered once its members have ended, and each run ends once") {
  TeamWorld world(kAgents, kReport, [](const std::string& role, const std::string&) -> Line {
    if (role == "writer") return ScriptedModel::Hang{};
    return final_answer("bees");
  });
  world.resume();
  const std::string session = world.session("report");
  auto accepted = world.submit(session, "Please", {{"topic", "bees"}});
  REQUIRE(accepted);
  world.until([&] { return world.asked.size() == 2; });
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "acme"}, accepted->run, CancelMode::now)));
  const Json end = world.finished(accepted->run);
  CHECK(end.at("status") == "cancelled");
  const auto ends = world.events("run.finished");
  REQUIRE(ends.size() == 3);
  CHECK(ends[1].at("agent") == "report/writer");
  CHECK(ends[1].at("status") == "cancelled");
  CHECK(ends[2].at("run") == accepted->run);
}

TEST_CASE("a team that is taken up again asks nobody twice, and its answer is the same") {
  bool hang = true;
  TeamWorld world(kAgents, kReport, [&](const std::string& role, const std::string&) -> Line {
    if (role == "writer" && hang) return ScriptedModel::Hang{};
    return final_answer(role + " was here");
  });
  world.resume();
  const std::string session = world.session("report");
  auto accepted = world.submit(session, "Please", {{"topic", "bees"}});
  REQUIRE(accepted);
  world.until([&] { return world.asked.size() == 2; });
  hang = false;
  world.reopen(session);
  const Json end = world.finished(accepted->run);
  CHECK(end.at("status") == "done");
  CHECK(world.find(accepted->run, "answer").at("text") == "writer was here");
  const std::vector<std::string> asked = {"researcher", "writer", "writer"};
  CHECK(world.asked == asked);
  auto rows = fakes::run(world.loop, world.journal->list_runs("acme", session, 10));
  REQUIRE(rows);
  CHECK(rows->size() == 3);
}

TEST_CASE("a supervisor's manager delegates through the bus and answers from what came back") {
  TeamWorld world(kAgents, R"(
desk: { pattern: supervisor, manager: editor, members: [researcher, writer] }
)",
                  [](const std::string& role, const std::string& heard) -> Line {
                    if (role == "researcher") return final_answer("facts about " + heard);
                    if (role == "writer") return final_answer("a text");
                    if (heard.contains("facts about")) return final_answer("Edited: facts");
                    return action("delegate", {{"to", "researcher"}, {"task", "bees"}});
                  });
  world.resume();
  const Json end = world.ask("desk", "Tell me about bees");
  CHECK(end.at("status") == "done");
  CHECK(world.find(end.at("run"), "answer").at("text") == "Edited: facts");
  const auto messages = world.events("message");
  REQUIRE(messages.size() == 4);
  CHECK(messages[1].at("from") == "desk/editor");
  CHECK(messages[1].at("to") == "desk/researcher");
  CHECK(messages[2].at("reply_to") == messages[1].at("id"));
}

TEST_CASE("a delegated task is found again after a crash, not begun anew") {
  bool hang = true;
  TeamWorld world(kAgents, R"(
desk: { pattern: supervisor, manager: editor, members: [researcher, writer] }
)",
                  [&](const std::string& role, const std::string& heard) -> Line {
                    if (role == "researcher" && hang) return ScriptedModel::Hang{};
                    if (role == "researcher") return final_answer("facts");
                    if (heard.contains("facts")) return final_answer("done");
                    return action("delegate", {{"to", "researcher"}, {"task", "bees"}});
                  });
  world.resume();
  const std::string session = world.session("desk");
  auto accepted = world.submit(session, "Tell me about bees");
  REQUIRE(accepted);
  world.until([&] { return world.asked.size() == 2; });
  hang = false;
  world.reopen(session);
  const Json end = world.finished(accepted->run);
  CHECK(end.at("status") == "done");
  const std::vector<std::string> asked = {"editor", "researcher", "researcher", "editor"};
  CHECK(world.asked == asked);
  CHECK(world.events("message").size() == 4);
}

TEST_CASE("what members asked of one another before a crash counts towards the team's turns after it") {
  bool hang = true;
  TeamWorld world(kAgents, R"(
desk: { pattern: supervisor, manager: editor, members: [researcher, writer], limits: { turns: 3 } }
)",
                  [&](const std::string& role, const std::string& heard) -> Line {
                    if (role == "writer" && hang) return ScriptedModel::Hang{};
                    if (role != "editor") return final_answer(role + " was here");
                    if (heard.contains("turns are used up")) return final_answer("no more turns");
                    if (heard.contains("writer was"))
                      return action("delegate", {{"to", "researcher"}, {"task", "once more"}});
                    const char* next = heard.contains("researcher was") ? "writer" : "researcher";
                    return action("delegate", {{"to", next}, {"task", "bees"}});
                  });
  world.resume();
  const std::string session = world.session("desk");
  auto accepted = world.submit(session, "Tell me about bees");
  REQUIRE(accepted);
  world.until([&] { return world.asked.size() == 4; });
  hang = false;
  world.reopen(session);
  const Json end = world.finished(accepted->run);
  CHECK(end.at("steps") == 3);
  CHECK(world.find(accepted->run, "answer").at("text") == "no more turns");
  CHECK(std::ranges::count(world.asked, "researcher") == 1);
}

TEST_CASE("a conversation that is handed over is answered by who took it") {
  TeamWorld world(kAgents, R"(
talk: { pattern: handoff, members: [researcher, writer], start: researcher }
)",
                  [](const std::string& role, const std::string&) -> Line {
                    if (role == "researcher")
                      return action("handoff", {{"to", "writer"}, {"reason", "it is about writing"}});
                    return final_answer("written");
                  });
  world.resume();
  const Json end = world.ask("talk", "Write me a poem");
  CHECK(end.at("status") == "done");
  CHECK(world.find(end.at("run"), "answer").at("text") == "written");
  const auto handed = world.events("handoff");
  REQUIRE_FALSE(handed.empty());
  CHECK(handed[0].at("from") == "talk/researcher");
  CHECK(handed[0].at("to") == "talk/writer");
}

TEST_CASE("the tokens of a team are those of all its members together") {
  TeamWorld world(kAgents, R"(
report:
  pattern: sequential
  limits: { tokens: 3000 }
  tasks:
    - { name: a, agent: researcher, description: "one" }
    - { name: b, agent: writer, description: "two" }
    - { name: c, agent: editor, description: "three" }
)",
                  [](const std::string& role, const std::string&) -> Line { return final_answer(role); });
  world.model->usage = {.input_tokens = 1400, .output_tokens = 20};
  world.resume();
  const Json end = world.ask("report", "Please");
  CHECK(end.at("status") == "limit");
  CHECK(end.at("reason") == "max_tokens");
  CHECK(string_or(end, "error").contains("teams.report.limits.tokens"));
  CHECK(world.asked.size() < 4);
}

TEST_CASE("a member can be asked alone by its address") {
  TeamWorld world(kAgents, kReport,
                  [](const std::string& role, const std::string&) -> Line { return final_answer(role); });
  world.resume();
  const Json end = world.ask("report/writer", "Are you there?");
  CHECK(end.at("status") == "done");
  CHECK(end.at("agent") == "report/writer");
}

TEST_CASE("a member's run that is cancelled alone has failed, and the team goes on by its policy") {
  TeamWorld world(kAgents, R"(
report:
  pattern: sequential
  on_failure: skip
  tasks:
    - { name: a, agent: researcher, description: "one" }
    - { name: b, agent: writer, description: "two" }
)",
                  [](const std::string& role, const std::string&) -> Line {
                    if (role == "researcher") return ScriptedModel::Hang{};
                    return final_answer("written");
                  });
  world.resume();
  auto accepted = world.submit(world.session("report"), "Please");
  REQUIRE(accepted);
  world.until([&] { return world.asked.size() == 1; });
  const std::string member = world.events("run.started").back().at("run");
  REQUIRE(member != accepted->run);
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "acme"}, member, CancelMode::now)));
  const Json end = world.finished(accepted->run);
  CHECK(end.at("status") == "done");
  CHECK(world.find(member, "run.finished").at("status") == "cancelled");
  CHECK(world.find(accepted->run, "answer").at("text") == "written");
}

TEST_CASE("a budget of the session holds for what a team spent in it before") {
  TeamWorld world(kAgents, kReport,
                  [](const std::string& role, const std::string&) -> Line { return final_answer(role); });
  world.budgets.session.tokens = 6'000;
  world.model->usage = {.input_tokens = 1'400, .output_tokens = 20};
  world.close();
  world.open();
  world.resume();
  const std::string session = world.session("report");
  auto first = world.submit(session, "Please", {{"topic", "bees"}});
  REQUIRE(first);
  CHECK(world.finished(first->run).at("status") == "done");
  auto second = world.submit(session, "Again", {{"topic", "bees"}});
  REQUIRE(second);
  world.finished(second->run);
  auto third = world.submit(session, "Again", {{"topic", "bees"}});
  REQUIRE(third);
  const Json end = world.finished(third->run);
  CHECK(end.at("status") != "done");
  CHECK(string_or(end, "error").contains("budgets.session.tokens"));
}

TEST_CASE("an answer that no message can carry fails its member at once, with the reason") {
  TeamWorld world(R"(
researcher: { role: researcher, model: m, limits: { tokens: 10000000 } }
writer: { role: writer, model: m }
)",
                  kReport, [](const std::string&, const std::string&) -> Line {
                    return final_answer(std::string(1'200'000, 'x'));
                  });
  world.resume();
  const Json end = world.ask("report", "Please", {{"topic", "bees"}});
  CHECK(end.at("status") == "failed");
  CHECK(end.at("reason") == "member_failed");
  CHECK_MESSAGE(string_or(end, "error").contains("too_large"), string_or(end, "error"));
}

TEST_CASE("what a crash left open of members that nobody needs any more ends before the team does") {
  const auto joined = [](std::string how) {
    return "panel: { pattern: parallel, members: [researcher, writer], join: " + how + " }";
  };
  TeamWorld world(kAgents, joined("all"), [](const std::string& role, const std::string&) -> Line {
    if (role == "researcher") return final_answer("bees dance");
    return ScriptedModel::Hang{};
  });
  world.resume();
  const std::string session = world.session("panel");
  auto accepted = world.submit(session, "Please report");
  REQUIRE(accepted);
  // The first has told its answer, the other is at work.
  world.until([&] { return world.events("message").size() == 3 && world.asked.size() == 2; });
  world.set_teams(joined("any"));
  world.reopen(session);
  const Json end = world.finished(accepted->run);
  CHECK(end.at("status") == "done");
  CHECK(world.asked.size() == 2);
  CHECK(world.loop.alarms() == 0);
  auto rows = fakes::run(world.loop, world.journal->list_runs("acme", session, 10));
  REQUIRE(rows);
  CHECK(rows->size() == 3);
  for (const store::RunRow& row : *rows) {
    CAPTURE(row.agent);
    CHECK(row.finished());
    CHECK(row.status == (row.agent == "panel/writer" ? "cancelled" : "done"));
    if (!row.parent.empty()) CHECK(row.last_seq < end.at("seq"));
  }
}
