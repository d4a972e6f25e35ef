#include "agents/react/parser/step_names.h"

#include "agents/react/parser/bytes.h"
#include "agents/react/parser/step_object.h"

#include <algorithm>
#include <array>

namespace troupe::agents {

namespace {

// No name of a key or a tool that ends a run is longer.
constexpr std::size_t kNameBytes = 48;

struct Key {
  std::string_view name;
  StepKey kind;
};

constexpr Key kKeys[] = {
    {"thought", StepKey::thought},
    {"thoughts", StepKey::thought},
    {"thinking", StepKey::thought},
    {"reasoning", StepKey::thought},
    {"rationale", StepKey::thought},
    {"action", StepKey::action},
    {"actionname", StepKey::action},
    {"tool", StepKey::action},
    {"toolname", StepKey::action},
    {"function", StepKey::action},
    {"actioninput", StepKey::input},
    {"actioninputs", StepKey::input},
    {"toolinput", StepKey::input},
    {"toolargs", StepKey::input},
    {"input", StepKey::input},
    {"inputs", StepKey::input},
    {"args", StepKey::input},
    {"arguments", StepKey::input},
    {"parameters", StepKey::input},
    {"params", StepKey::input},
    {"kwargs", StepKey::input},
    {"actions", StepKey::actions},
    {"toolcalls", StepKey::actions},
    {"toolcall", StepKey::command},
    {"functioncall", StepKey::command},
    {"command", StepKey::command},
    {"finalanswer", StepKey::answer},
    {"finalresponse", StepKey::answer},
    {"answer", StepKey::weak_answer},
    {"response", StepKey::weak_answer},
    {"observation", StepKey::observation},
};

constexpr std::string_view kFinalNames[] = {
    "finalanswer",       "finish",           "final", "finalresponse", "answer", "taskcomplete",
    "goalsaccomplished", "goalaccomplished",
};

constexpr std::string_view kNoTool[] = {
    "none",
    "null",
    "nil",
    "na",
    "n/a",
    "no",
    "nothing",
    "notool",
    "noaction",
    "noneneeded",
    "notneeded",
    "noactionneeded",
    "noactionrequired",
    "notoolneeded",
    "notapplicable",
};

}  // namespace

std::string plain_name(std::string_view name) {
  std::string plain;
  for (char c : name.substr(0, kNameBytes + 1))
    if (!is_blank(c) && c != '_' && c != '-') plain += lower(c);
  return plain;
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

StepKey step_key(std::string_view name) {
  std::string plain = plain_name(name);
  auto found = std::ranges::find(kKeys, plain, &Key::name);
  return found == std::end(kKeys) ? StepKey::other : found->kind;
}

bool is_final_name(std::string_view name) {
  return std::ranges::find(kFinalNames, plain_name(name)) != std::end(kFinalNames);
}

bool is_no_tool(std::string_view name) {
  std::string plain = plain_name(name);
  while (plain.ends_with('.')) plain.pop_back();
  return std::ranges::find(kNoTool, plain) != std::end(kNoTool);
}

}  // namespace troupe::agents
