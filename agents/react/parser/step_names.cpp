#include "agents/react/parser/step_names.h"

#include "agents/react/parser/bytes.h"
#include "agents/react/parser/label_scanner.h"
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

// The keys that a model is asked to write, before the labels of thirty languages are looked through for them;
// then those that are no labels as well (see label_table.h).
constexpr Key kKeys[] = {
    {"thought", StepKey::thought},    {"action", StepKey::action},        {"actioninput", StepKey::input},
    {"finalanswer", StepKey::answer}, {"rationale", StepKey::thought},    {"actionname", StepKey::action},
    {"toolname", StepKey::action},    {"function", StepKey::action},      {"toolinput", StepKey::input},
    {"toolargs", StepKey::input},     {"input", StepKey::input},          {"inputs", StepKey::input},
    {"args", StepKey::input},         {"arguments", StepKey::input},      {"parameters", StepKey::input},
    {"params", StepKey::input},       {"kwargs", StepKey::input},         {"actions", StepKey::actions},
    {"toolcalls", StepKey::actions},  {"toolcall", StepKey::command},     {"functioncall", StepKey::command},
    {"command", StepKey::command},    {"finalresponse", StepKey::answer}, {"response", StepKey::weak_answer},
};

StepKey key_of(Label label) {
  switch (label) {
    case Label::thought:
      return StepKey::thought;
    case Label::action:
      return StepKey::action;
    case Label::input:
      return StepKey::input;
    case Label::observation:
      return StepKey::observation;
    case Label::answer:
      return StepKey::answer;
    case Label::weak_answer:
      return StepKey::weak_answer;
    default:
      return StepKey::other;
  }
}

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
    "없음",
    "无",
    "無",
    "なし",
    "不需要",
    "keine",
    "keins",
    "aucune",
    "aucun",
    "ninguna",
    "ninguno",
    "nenhuma",
    "nessuna",
    "geen",
    "brak",
    "нет",
    "не требуется",
    "yok",
    "không",
    "tidakada",
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
  if (found != std::end(kKeys)) return found->kind;
  auto label = label_of(name);
  return label ? key_of(*label) : StepKey::other;
}

bool is_final_name(std::string_view name) {
  if (name.size() > kNameBytes) return false;
  return std::ranges::find(kFinalNames, plain_name(name)) != std::end(kFinalNames) ||
         label_of(name) == Label::answer;
}

bool is_no_tool(std::string_view name) {
  std::string plain = plain_name(name);
  while (plain.ends_with('.')) plain.pop_back();
  return std::ranges::find(kNoTool, plain) != std::end(kNoTool);
}

}  // namespace troupe::agents
