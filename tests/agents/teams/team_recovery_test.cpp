#include "runtime/async/offload.h"
#include "tests/agents/teams/team_world.h"
#include "tests/fakes/memory_journal.h"
#include "tests/fakes/test_tool.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

using Line = ScriptedModel::Line;

constexpr const char* kAgents = R"(
researcher: { role: researcher, model: m }
writer: { role: writer, model: m }
editor: { role: editor, model: m }
)";

std::string final_answer(const std::string& text) {
  return dump({{"thought", "done"}, {"final_answer", text}});
}
std::string action(const std::string& tool, Json input) {
  return dump({{"thought", "next"}, {"action", tool}, {"action_input", std::move(input)}});
}

std::size_t begun(const TeamWorld& world, const std::string& agent) {
  const auto runs = world.events("run.started");
  return static_cast<std::size_t>(
      std::ranges::count_if(runs, [&](const Json& event) { return event.at("agent") == agent; }));
}

}  // namespace

TEST_CASE("how often a colleague was asked the same before a crash counts after it") {
  bool hang = true;
  TeamWorld world(kAgents, R"(
desk: { pattern: supervisor, manager: editor, members: [writer], limits: { repeats: 2 } }
)",
                  [&](const std::string& role, const std::string& heard) -> Line {
                    if (role == "writer") return final_answer("a text");
                    if (heard.contains("repeated_message")) return final_answer("stopped");
                    if (std::ranges::count(world.asked, "writer") == 2 && hang) return ScriptedModel::Hang{};
                    return action("delegate", {{"to", "writer"}, {"task", "the same"}});
                  });
  world.resume();
  const std::string session = world.session("desk");
  auto accepted = world.submit(session, "Please");
  REQUIRE(accepted);
  world.until([&] { return world.asked.size() == 5; });
  hang = false;
  world.reopen(session);
  world.finished(accepted->run);
  CHECK(world.find(accepted->run, "answer").at("text") == "stopped");
  CHECK(std::ranges::count(world.asked, "writer") == 2);
}

TEST_CASE("a tool of a node that is called as a member is counts once, also after a crash") {
  const auto note = std::make_shared<fakes::TestTool>(
      "writer", tools::Effect::pure, [](const tools::ToolInput&) -> Result<tools::ToolOutput> {
        return tools::ToolOutput{.text = "noted"};
      });
  bool hang = true;
  TeamWorld world(kAgents, R"(
flow:
  pattern: graph
  start: call
  limits: { turns: 2, messages: 6 }
  nodes: { call: { tool: writer, input: { x: 1 } }, write: { run: writer }, edit: { run: editor } }
  edges: [ { from: call, to: write }, { from: write, to: edit }, { from: edit, to: end } ]
)",
                  [&](const std::string& role, const std::string&) -> Line {
                    if (role == "writer" && hang) return ScriptedModel::Hang{};
                    return final_answer(role);
                  },
                  nullptr, {{"writer", note}});
  world.resume();
  const std::string session = world.session("flow");
  auto accepted = world.submit(session, "Please");
  REQUIRE(accepted);
  world.until([&] { return world.asked.size() == 1; });
  hang = false;
  world.reopen(session);
  const Json end = world.finished(accepted->run);
  CHECK_MESSAGE(end.at("status") == "done", dump(end));
  CHECK(end.at("steps") == 2);
  CHECK(note->keys.size() == 1);
}

TEST_CASE("a member that cannot be kept any more leaves its team to the next start, which does it") {
  std::function<void()> on_writer;
  TeamWorld world(kAgents, R"(
row: { pattern: sequential, tasks: [ { agent: researcher, description: x }, { agent: writer, description: y } ] }
)",
                  [&](const std::string& role, const std::string&) -> Line {
                    if (role == "writer" && on_writer) on_writer();
                    return final_answer(role);
                  });
  fakes::MemoryJournal journal(world.loop);
  SystemRng rng;
  const auto none = [](std::string) -> Task<Result<std::shared_ptr<const Catalog>>> {
    co_return fail(ErrorCode::not_found, "no other configuration");
  };
  std::string run;
  on_writer = [&] { journal.write_failure = Error{ErrorCode::store, "the disk is full"}; };
  {
    const auto bus = bus::make_local_bus(world.loop, journal);
    const auto desk = make_run_desk(world.loop, journal, *bus, rng, {}, world.catalog());
    REQUIRE(fakes::run(world.loop, desk->resume(none)));
    auto session = fakes::run(world.loop, desk->open_session({"p", "acme"}, "", "row"));
    REQUIRE(session);
    auto accepted = fakes::run(
        world.loop, desk->submit({.principal = {"p", "acme"}, .session = session->id, .text = "Please"}));
    REQUIRE(accepted);
    run = accepted->run;
    world.until([&] { return desk->status().running == 0; });
    fakes::run(world.loop, desk->drain(0ms));
  }
  journal.write_failure.reset();
  on_writer = nullptr;
  const auto bus = bus::make_local_bus(world.loop, journal);
  const auto desk = make_run_desk(world.loop, journal, *bus, rng, {}, world.catalog());
  REQUIRE(fakes::run(world.loop, desk->resume(none)));
  world.until([&] { return desk->status().running == 0; });
  auto row = fakes::run(world.loop, journal.find_run(run));
  REQUIRE((row && *row));
  CHECK((*row)->status == "done");
  CHECK((*row)->answer == "writer");
  CHECK(world.asked == std::vector<std::string>{"researcher", "writer", "writer"});
  fakes::run(world.loop, desk->drain(0ms));
}

TEST_CASE("a task that waits for its turn when who asked goes away is passed over") {
  std::shared_ptr<fakes::TestTool> slow = std::make_shared<fakes::TestTool>(
      "slow", tools::Effect::pure, [](const tools::ToolInput&) -> Result<tools::ToolOutput> {
        return tools::ToolOutput{.text = "slept"};
      });
  slow->hang = true;
  TeamWorld world(R"(
researcher: { role: researcher, model: m }
writer: { role: writer, model: m, tools: [slow] }
editor: { role: editor, model: m }
)",
                  R"(
trio: { pattern: parallel, members: [writer, researcher, editor], on_failure: skip,
        ask: { researcher: [writer], editor: [writer] } }
)",
                  [&](const std::string& role, const std::string& heard) -> Line {
                    if (role == "writer" && heard == "Please") return action("slow", {{"x", 1}});
                    if (role == "writer" || heard != "Please") return final_answer(role);
                    return action("ask", {{"to", "writer"}, {"question", "from " + role}});
                  },
                  nullptr, {{"slow", slow}});
  world.resume();
  auto accepted = world.submit(world.session("trio"), "Please");
  REQUIRE(accepted);
  const auto run_of = [&](const std::string& agent) -> std::string {
    for (const Json& event : world.events("run.started"))
      if (event.at("agent") == agent) return event.at("run");
    return "";
  };
  // Three tasks of the team, and two questions that wait behind what the writer does.
  world.until([&] { return world.events("message").size() == 5 && slow->keys.size() == 1; });
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "acme"}, run_of("trio/editor"), CancelMode::now)));
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "acme"}, run_of("trio/writer"), CancelMode::now)));
  const Json end = world.finished(accepted->run);
  CHECK(end.at("status") == "done");
  CHECK(begun(world, "trio/writer") == 2);
  CHECK(world.find(accepted->run, "answer").at("text").get<std::string>().contains("researcher"));
}

TEST_CASE("a file of a tenant's team is written below the tenant's name") {
  const fakes::TempDir folder;
  TeamWorld world(kAgents, R"(
row: { pattern: sequential, tasks: [ { agent: writer, description: x, output_file: "out/text.md" } ] }
)",
                  [](const std::string& role, const std::string&) -> Line { return final_answer(role); });
  Workers workers{1};
  world.artifacts = std::make_shared<store::Artifacts>(world.loop, workers, folder.path().string());
  world.close();
  world.open();
  world.resume();
  CHECK(world.ask("row", "Please").at("status") == "done");
  CHECK(std::filesystem::exists(folder.path() / "acme" / "out" / "text.md"));
  CHECK_FALSE(std::filesystem::exists(folder.path() / "out"));
}

TEST_CASE("a team whose time is over because that around it is says so") {
  TeamWorld world(kAgents, R"(
inner: { pattern: sequential, tasks: [ { agent: writer, description: x } ] }
outer: { pattern: sequential, limits: { time: 200ms }, tasks: [ { agent: inner, description: y } ] }
)",
                  [](const std::string&, const std::string&) -> Line { return ScriptedModel::Hang{}; });
  world.resume();
  const Json end = world.ask("outer", "Please");
  CHECK(end.at("reason") == "max_time");
  CHECK(string_or(end, "error").contains("200 ms of the team"));
  Json inner;
  for (const Json& event : world.events("run.finished"))
    if (event.at("agent") == "outer/inner") inner = event;
  REQUIRE(inner.is_object());
  CHECK(inner.at("status") == "limit");
  CHECK(inner.at("reason") == "max_time");
  CHECK(string_or(inner, "error").contains("the run around this team"));
}
