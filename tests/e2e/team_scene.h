#pragma once

#include "tests/e2e/team_stage.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace troupe::e2e {

/// A daemon with a configuration of its own, and one conversation with its team `team`.
struct TeamScene {
  TeamScene(const std::string& teams, Script script, const std::string& more = "")
      : daemon(models.yaml({"a", "b", "c", "m"}, ", tools: [calculator]") +
               "tools: { calculator: { type: calculator } }\n" + more + "teams:\n" + teams +
               "default: team\n") {
    played = models.play(std::move(script));
    daemon.start();
    REQUIRE_MESSAGE(!daemon.url().empty(), daemon.config());
    talk = std::make_unique<TeamTalk>(daemon, "team");
  }
  std::vector<Json> ask(const Json& inputs = Json::object()) {
    auto frames = talk->ask("Do it", inputs);
    check_whole(frames);
    return frames;
  }
  /// The same with a kill -9 while the model of `member` says nothing to its request `request` (from 0), and
  /// a restart.
  std::vector<Json> ask_over_a_crash(const std::string& member, std::size_t request) {
    played->fail(member, request, Fault::silent);
    talk->say("Do it");
    REQUIRE(played->wait_for(member, request + 1));
    daemon.kill();
    auto frames = talk->until_gone();
    daemon.start();
    talk->connect();
    std::ranges::move(talk->rest(), std::back_inserter(frames));
    check_whole(frames);
    return frames;
  }

  TeamModels models;
  Daemon daemon;
  std::shared_ptr<Play> played;
  std::unique_ptr<TeamTalk> talk;
};

/// What the tool `tool` told, in order.
inline std::vector<std::string> observed(const std::vector<Json>& frames, std::string_view tool) {
  std::vector<std::string> texts;
  for (const Json& frame : frames)
    if (string_or(frame, "type") == "observation" && string_or(frame, "tool") == tool)
      texts.push_back(string_or(frame, frame.value("ok", false) ? "output" : "error"));
  return texts;
}

/// Several calls in one step.
inline Said delegates(const std::vector<std::string>& to) {
  Json actions = Json::array();
  for (const std::string& name : to)
    actions.push_back(
        {{"tool", "delegate"}, {"input", {{"to", name}, {"task", fmt::format("part {}", actions.size())}}}});
  return {dump(Json{{"thought", "t"}, {"actions", actions}})};
}

/// How the team's run ended: "done final_answer".
inline std::string end_of(const std::vector<Json>& frames) {
  return string_or(frames.back(), "status") + " " + string_or(frames.back(), "reason");
}

}  // namespace troupe::e2e
