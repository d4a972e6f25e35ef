#include "agents/react/parser/step_object.h"

#include "agents/react/parser/action_text.h"
#include "agents/react/parser/bytes.h"
#include "agents/react/parser/json_repair.h"
#include "agents/react/parser/step_names.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

// A step may be wrapped: {"response": {…}}, {"steps": [{…}]}.
constexpr int kWrappers = 3;

std::string dumped(const Json& value) {
  return dump(value);
}

// A tool that is called by an object: {"name": …, "args": {…}} in any of its spellings.
struct Call {
  std::string name;
  Json input;
  bool named = false;
};

std::optional<Call> read_call(const Json& value);

// The members of a step as far as they were read, in order of position.
struct Members {
  std::string thought;
  std::optional<Call> call;  // the first one named
  bool no_tool = false;      // a name that means none
  std::vector<ParsedAction> actions;
  std::optional<FinalStep> answer;
  std::optional<FinalStep> weak_answer;
  std::string problem;
  bool step = false;  // some key belongs to a step
};

// The name may be a call of its own: search(query="x"), Search[x].
Call call_of_name(std::string name) {
  std::size_t open = name.find_first_of("([");
  bool call = open != std::string::npos && open > 0 && name.back() == (name[open] == '(' ? ')' : ']') &&
              std::ranges::all_of(std::string_view(name).substr(0, open), is_word);
  if (!call) return {std::move(name), nullptr, true};
  std::vector<std::string> repairs;
  std::string_view inside = std::string_view(name).substr(open + 1, name.size() - open - 2);
  Json input = name[open] == '[' ? input_of_brackets(inside, repairs)
                                 : call_arguments(inside, repairs).value_or(std::string(inside));
  return {name.substr(0, open), std::move(input), true};
}

void read_name(const Json& value, Members& members) {
  if (value.is_null()) return;
  if (value.is_object()) {
    if (auto call = read_call(value)) {
      members.call = std::move(call);
    } else {
      members.problem = "`action` is an object without a name";
    }
    return;
  }
  if (!value.is_string()) {
    members.problem = fmt::format("`action` is a JSON {}, not the name of a tool", value.type_name());
    return;
  }
  std::string name = trimmed(value.get_ref<const std::string&>());
  if (name.empty()) {
    members.problem = "`action` is empty";
  } else if (is_no_tool(name)) {
    members.no_tool = true;
  } else {
    members.call = call_of_name(std::move(name));
  }
}

void read_list(const Json& value, Members& members) {
  if (value.is_object()) {
    if (auto call = read_call(value)) members.call = std::move(call);
    return;
  }
  if (!value.is_array()) {
    if (!says_nothing(value)) members.problem = "`actions` is not a list";
    return;
  }
  for (const Json& element : value) {
    auto call = read_call(element);
    if (!call) {
      members.problem = fmt::format("element {} of `actions` has no `tool`", members.actions.size() + 1);
      members.actions.clear();
      return;
    }
    if (is_final_name(call->name)) {
      if (members.actions.empty()) members.answer = final_step(call->input);
      return;
    }
    members.actions.push_back({std::move(call->name), std::move(call->input)});
  }
}

// OpenAI's format has the arguments as a JSON text.
Json arguments(const Json& value) {
  if (!value.is_string()) return value;
  auto object = repair_json(value.get_ref<const std::string&>());
  return object && object->value.is_object() ? std::move(object->value) : value;
}

std::optional<Call> read_call(const Json& value) {
  if (!value.is_object()) return std::nullopt;
  Call call;
  for (const auto& [key, member] : value.items()) {
    StepKey kind = step_key(key);
    if (const Json* inner = key == "function" ? &member : nullptr; inner && inner->is_object())
      return read_call(*inner);
    bool name = kind == StepKey::action || kind == StepKey::command || plain_name(key) == "name";
    if (name && member.is_string() && !call.named) {
      call.name = trimmed(member.get_ref<const std::string&>());
      call.named = !call.name.empty();
    } else if (kind == StepKey::input && call.input.is_null()) {
      call.input = plain_name(key) == "arguments" ? arguments(member) : member;
    }
  }
  if (!call.named) return std::nullopt;
  return call;
}

// True when what decides has been read, so that the rest is not.
bool read_member(const std::string& key, const Json& value, Members& members) {
  StepKey kind = step_key(key);
  if (kind == StepKey::other) return false;
  members.step = true;
  switch (kind) {
    case StepKey::thought:
      if (members.thought.empty()) members.thought = thought_text(value);
      return false;
    case StepKey::action:
      if (!members.call && !members.answer) read_name(value, members);
      return false;
    case StepKey::command:
      if (members.call || members.answer) return false;
      if (auto call = read_call(value)) {
        members.call = std::move(call);
      } else if (value.is_string()) {
        read_name(value, members);
      } else if (value.is_object()) {
        members.problem = "`command` has no `name`";
      }
      return false;
    case StepKey::actions:
      if (!members.call && !members.answer && members.actions.empty()) read_list(value, members);
      return false;
    case StepKey::answer:
      if (!members.call && members.actions.empty() && !members.answer && !says_nothing(value))
        members.answer = final_step(value);
      return false;
    case StepKey::weak_answer:
      if (!members.weak_answer && !says_nothing(value)) members.weak_answer = final_step(value);
      return false;
    case StepKey::observation:
      return members.call || !members.actions.empty();
    default:
      return false;
  }
}

Json input_or_object(Json input) {
  return input.is_null() ? Json(Json::object()) : input;
}

// The input may stand before the name, so it is looked up once the name is known.
Json input_of(const Json& object) {
  for (const auto& [key, value] : object.items())
    if (step_key(key) == StepKey::input) return value;
  return nullptr;
}

std::variant<Malformed, ActionStep, FinalStep> decide(Members& members, const Json& object,
                                                      std::string_view where, bool weak_answers) {
  if (!members.actions.empty()) return ActionStep{std::move(members.actions)};
  if (members.call) {
    Json input = members.call->input.is_null() ? input_of(object) : std::move(members.call->input);
    if (is_final_name(members.call->name)) return final_step(input);
    return ActionStep{{{std::move(members.call->name), input_or_object(std::move(input))}}};
  }
  if (members.answer) return std::move(*members.answer);
  // {"name": …, "arguments": …}, as native calls are written.
  if (auto call = read_call(object); call && !call->input.is_null() && !is_no_tool(call->name))
    return ActionStep{{{std::move(call->name), std::move(call->input)}}};
  if (members.weak_answer && weak_answers) return std::move(*members.weak_answer);
  if (!members.problem.empty()) return Malformed{fmt::format("in {}, {}", where, members.problem)};
  if (members.no_tool)
    return Malformed{fmt::format("{} names no tool in `action`, and has no `final_answer`", where)};
  return Malformed{fmt::format("{} has neither `action` nor `final_answer`", where)};
}

Members read_members(const Json& object) {
  Members members;
  for (const auto& [key, value] : object.items())
    if (read_member(key, value, members)) break;
  return members;
}

bool is_call_list(const Json& value) {
  return value.is_array() && !value.empty() && std::ranges::all_of(value, [](const Json& element) {
           return read_call(element).has_value() && read_members(element).thought.empty();
         });
}

const Json* unwrap(const Json& value, int wrappers) {
  if (value.is_object()) {
    Members members = read_members(value);
    if (members.step && !(members.weak_answer && members.weak_answer->data.is_object())) return &value;
  }
  if (wrappers == 0 || !value.is_structured()) return nullptr;
  for (const Json& inner : value) {
    if (!inner.is_structured()) continue;
    if (const Json* step = unwrap(inner, wrappers - 1)) return step;
  }
  return nullptr;
}

}  // namespace

std::string thought_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_object()) return value.is_null() ? "" : dumped(value);
  for (std::string_view key : {"text", "thought", "reasoning", "speak", "plan"})
    if (const Json* member = find(value, key); member && member->is_string() && !empty(*member))
      return member->get<std::string>();
  return "";
}

FinalStep final_step(const Json& value) {
  if (value.is_string()) return {value.get<std::string>(), nullptr};
  if (value.is_null() || (value.is_structured() && value.empty())) return {"", nullptr};
  if (!value.is_structured()) return {dumped(value), value};
  if (value.is_object() && value.size() == 1 && value.begin()->is_string())
    return {value.begin()->get<std::string>(), value};
  for (std::string_view key : {"answer", "final_answer", "text", "output", "response", "content", "reason"})
    if (const Json* member = find(value, key); member && member->is_string() && value.size() == 1)
      return {member->get<std::string>(), value};
  return {dumped(value), value};
}

bool says_nothing(const Json& value) {
  return value.is_null() || (value.is_string() && value.get_ref<const std::string&>().find_first_not_of(
                                                      " \t\r\n") == std::string::npos);
}

StepObject read_step_object(const Json& value, std::string_view where, bool weak_answers) {
  Members members;
  const Json* object = &value;
  if (is_call_list(value)) {
    read_list(value, members);
  } else {
    if (const Json* inside = unwrap(value, kWrappers)) object = inside;
    if (object->is_object()) members = read_members(*object);
  }
  bool without_input = members.call && members.call->input.is_null() && input_of(*object).is_null();
  auto outcome = decide(members, *object, where, weak_answers);
  bool partial = members.step && std::holds_alternative<Malformed>(outcome);
  return {std::move(members.thought), std::move(outcome), partial, without_input};
}

}  // namespace troupe::agents
