#pragma once

#include "tests/agents/teams/team_world.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

/// Teams whose members send each other notes.
namespace troupe::agents::testing {

using Line = ScriptedModel::Line;
using Strings = std::vector<std::string>;

inline constexpr const char* kNoteAgents = R"(
researcher: { role: researcher, description: finds things, model: m }
writer: { role: writer, description: writes things, model: m }
editor: { role: editor, model: m }
)";

// One after another, with further keys.
inline std::string report(const std::string& keys) {
  return R"(
report:
  pattern: sequential
  tasks:
    - { name: research, agent: researcher, description: Find out }
    - { name: write, agent: writer, description: Write it up }
    - { name: edit, agent: editor, description: Mend it }
  )" + keys +
         "\n";
}

inline std::string final_answer(const std::string& text) {
  return dump({{"thought", "done"}, {"final_answer", text}});
}
inline std::string action(const std::string& tool, Json input) {
  return dump({{"thought", "next"}, {"action", tool}, {"action_input", std::move(input)}});
}
inline std::string publishes(const std::string& topic, const std::string& text) {
  return action("publish", {{"topic", topic}, {"text", text}});
}
// Several calls in one step.
inline std::string several(const std::string& tool, const std::vector<Json>& inputs) {
  Json actions = Json::array();
  for (const Json& input : inputs) actions.push_back({{"tool", tool}, {"input", input}});
  return dump({{"thought", "next"}, {"actions", actions}});
}

inline Strings observed(const TeamWorld& world, std::string_view tool) {
  Strings texts;
  for (const Json& event : world.events("observation"))
    if (event.at("tool") == tool) texts.push_back(string_or(event, event.at("ok") ? "output" : "error"));
  return texts;
}
inline std::vector<Json> notes(const TeamWorld& world) {
  auto messages = world.events("message");
  std::erase_if(messages, [](const Json& event) { return event.at("kind") != "note"; });
  return messages;
}
// "ID-or-receiver:reason" of all dead letters, the oldest first.
inline Strings dead(TeamWorld& world) {
  auto letters = fakes::run(world.loop, world.bus->dead_letters("acme", 100));
  REQUIRE(letters);
  Strings list;
  for (const bus::DeadLetter& letter : *letters)
    list.push_back(letter.message.to + ":" + std::string(bus::word(letter.reason)));
  std::ranges::reverse(list);
  return list;
}
// What stands of notes in what each role heard first at each of its turns.
class Heard {
 public:
  void add(const std::string& role, const std::string& text) {
    const std::size_t at = text.find("\n\nNotes of colleagues");
    all_.push_back(role + (at == text.npos ? "" : text.substr(at)));
  }
  std::size_t count(const std::string& role, const std::string& text) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        all_, [&](const std::string& one) { return one.starts_with(role) && one.contains(text); }));
  }
  std::size_t of(const std::string& role) const { return count(role, ""); }

 private:
  Strings all_;
};

}  // namespace troupe::agents::testing
