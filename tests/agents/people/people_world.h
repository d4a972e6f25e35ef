#pragma once

#include "tests/agents/teams/team_world.h"
#include "tools/builtin/ask_human/ask_human_tool.h"

#include <memory>
#include <string>
#include <utility>

namespace troupe::agents::testing {

/// A tool of type `ask_human` under a name.
inline tools::ToolTable asking_tool(std::string name, std::string default_answer = "") {
  const tools::ToolSettings settings{
      .name = name, .type = "ask_human", .default_answer = std::move(default_answer)};
  return {{std::move(name), std::make_shared<tools::AskHumanTool>(settings)}};
}

inline std::string says_action(const std::string& tool, Json input) {
  return dump({{"thought", "next"}, {"action", tool}, {"action_input", std::move(input)}});
}
inline std::string says_final(const std::string& text) {
  return dump({{"thought", "done"}, {"final_answer", text}});
}

/// A world with one session whose run asks people.
struct People {
  People(std::string agents, std::string teams, TeamWorld::Says says, tools::ToolTable tools = {})
      : world(std::move(agents), std::move(teams), std::move(says), nullptr, std::move(tools)) {
    world.resume();
  }

  void begin(const std::string& target, const std::string& text = "go") {
    session = world.session(target);
    auto accepted = world.submit(session, text);
    REQUIRE_MESSAGE(accepted, accepted.error().message);
    run = accepted->run;
  }
  std::vector<PendingApproval> pending() { return world.desk->pending({"p", "acme"}, session); }
  void waits(std::size_t calls = 1) {
    world.until([&] { return pending().size() == calls; });
  }
  Result<> decide(Decision decision) {
    decision.principal = {"p", "acme"};
    if (decision.run.empty()) decision.session = session;
    return fakes::run(world.loop, world.desk->decide(std::move(decision)));
  }
  Result<> answer(const std::string& text, std::string of = "") {
    return decide({.run = std::move(of), .call = "c_1", .approve = true, .input = Json{{"answer", text}}});
  }
  /// As if the daemon had been down for so long.
  void restart(Milliseconds down = Milliseconds(0)) {
    world.close();
    world.frames.clear();
    world.clock.set_ahead(down);
    world.open();
    world.watch(session);
    world.resume();
  }
  /// As the journal has it, once it has ended.
  store::RunRow ended_row() {
    const auto look = [this]() -> Task<store::RunRow> {
      Stop never;
      for (;;) {
        auto row = co_await world.journal->find_run(run);
        REQUIRE((row && *row));
        if ((*row)->finished()) co_return std::move(**row);
        (void)co_await world.loop.sleep_for(1ms, never);
      }
    };
    return fakes::run(world.loop, look());
  }
  Json end() { return world.finished(run); }

  TeamWorld world;
  std::string session;
  std::string run;
};

}  // namespace troupe::agents::testing
