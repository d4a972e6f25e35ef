#include "models/builtin/turn.h"

#include "models/builtin/text_report.h"
#include "models/builtin/utf8.h"

#include <algorithm>
#include <iterator>
#include <ranges>

namespace troupe::models::builtin {

namespace {

constexpr std::size_t kQuestionsKept = 6;
constexpr std::size_t kHistoryMessages = 64;

/// One of our own steps, as an assistant message holds it.
struct OwnStep {
  bool is_step = false;
  std::vector<Called> calls;
  std::string answer;
};

Json object_of(std::string_view text) {
  text = trim(text);
  if (!text.starts_with('{') || !text.ends_with('}')) return nullptr;
  auto parsed = parse_json(text);
  return parsed && parsed->is_object() ? std::move(*parsed) : Json(nullptr);
}

OwnStep read_step(const Message& message) {
  OwnStep step;
  for (const ToolCall& call : message.tool_calls) {
    Json input = object_of(call.arguments);
    step.calls.push_back({call.name, input.is_object() ? std::move(input) : Json::object()});
  }
  step.is_step = !step.calls.empty();
  Json object = object_of(message.content);
  if (!object.is_object()) {
    if (!step.is_step) step.answer = without_answer_label(message.content);
    return step;
  }
  if (const Json* answer = find(object, "final_answer")) {
    step.answer = answer->is_string() ? answer->get<std::string>() : dump(*answer);
    step.is_step = true;
  } else if (const Json* name = find(object, "action"); name && name->is_string()) {
    const Json* input = find(object, "action_input");
    step.calls.push_back({name->get<std::string>(), input ? *input : Json::object()});
    step.is_step = true;
  } else if (!step.is_step) {
    step.answer = message.content;
  }
  return step;
}

Observed read_observation(const Json& object) {
  Observed observed;
  observed.call = string_or(object, "call");
  observed.tool = string_or(object, "tool");
  if (const Json* ok = find(object, "ok")) observed.ok = !ok->is_boolean() || ok->get<bool>();
  const Json* text = find(object, observed.ok ? "output" : "error");
  if (text) observed.text = text->is_string() ? text->get<std::string>() : dump(*text);
  return observed;
}

// The observations of a message, last first; nothing when it is no such message.
std::vector<Observed> read_observations(const Message& message) {
  std::vector<Observed> read;
  Json object = object_of(message.content);
  if (message.role == Role::tool) {
    Observed observed;
    if (object.is_object() && find(object, "ok"))
      observed = read_observation(object);
    else
      observed.text = message.content;
    observed.call = message.tool_call_id;
    if (observed.tool.empty()) observed.tool = message.name;
    read.push_back(std::move(observed));
    return read;
  }
  if (!object.is_object()) {
    read = read_observation_lines(message.content);
    std::ranges::reverse(read);
    return read;
  }
  if (object.size() != 1) return read;
  if (const Json* one = find(object, "observation"); one && one->is_object())
    read.push_back(read_observation(*one));
  if (const Json* many = find(object, "observations"); many && many->is_array())
    for (const Json& each : *many) read.insert(read.begin(), read_observation(each));
  return read;
}

std::string read_correction(const Message& message) {
  Json object = object_of(message.content);
  if (!object.is_object()) return read_correction_line(message.content);
  const Json* correction = object.is_object() && object.size() == 1 ? find(object, "correction") : nullptr;
  if (!correction) return {};
  return correction->is_string() ? correction->get<std::string>() : dump(*correction);
}

// The engine asks for an answer at a limit. It stands where a result, or the question, has just stood.
bool asks_for_last_answer(const std::vector<Message>& messages) {
  if (messages.size() < 2 || messages.back().role != Role::user) return false;
  const Role before = messages[messages.size() - 2].role;
  if (before != Role::user && before != Role::tool) return false;
  Json object = object_of(messages.back().content);
  return object.is_object() && object.size() == 1 && find(object, "limit_reached");
}

// What a user or tool message is, seen together with the message before it.
struct Report {
  std::vector<Observed> observations;
  std::string correction;
  bool is_question() const { return observations.empty() && correction.empty(); }
};

// In lines, only one of several observations says which tool gave it.
void name_tools(std::vector<Observed>& last_first, const std::vector<Called>& calls) {
  for (std::size_t i = 0; i < last_first.size() && i < calls.size(); ++i)
    if (Observed& observed = last_first[last_first.size() - 1 - i]; observed.tool.empty())
      observed.tool = calls[i].tool;
}

Report read_report(const std::vector<Message>& messages, std::size_t at) {
  Report report;
  const Message& message = messages[at];
  if (message.role == Role::tool) {
    report.observations = read_observations(message);
    return report;
  }
  if (at == 0 || messages[at - 1].role != Role::assistant) return report;
  OwnStep step = read_step(messages[at - 1]);
  if (!step.calls.empty()) report.observations = read_observations(message);
  name_tools(report.observations, step.calls);
  if (step.is_step) report.correction = read_correction(message);
  return report;
}

void read_history(const std::vector<Message>& messages, std::size_t before, Turn& turn) {
  std::size_t oldest = before > kHistoryMessages ? before - kHistoryMessages : 0;
  for (std::size_t i = before; i-- > oldest && turn.questions.size() < kQuestionsKept;) {
    const Message& message = messages[i];
    if (message.role == Role::assistant) {
      if (turn.last_answer.empty() && turn.questions.empty()) turn.last_answer = read_step(message).answer;
    } else if (message.role == Role::user && read_report(messages, i).is_question()) {
      turn.questions.push_back(message.content);
    }
  }
}

}  // namespace

Turn read_turn(const Transcript& transcript) {
  const std::vector<Message>& messages = transcript.messages();
  Turn turn;
  turn.last = asks_for_last_answer(messages);
  bool latest = true;  // a correction counts only when nothing came after it
  for (std::size_t i = messages.size() - (turn.last ? 1 : 0); i-- > 0;) {
    const Message& message = messages[i];
    if (message.role == Role::system) continue;
    if (message.role == Role::assistant) {
      OwnStep step = read_step(message);
      std::ranges::move(step.calls | std::views::reverse, std::back_inserter(turn.calls));
      latest = false;
      continue;
    }
    Report report = read_report(messages, i);
    if (report.is_question()) {
      turn.question = message.content;
      read_history(messages, i, turn);
      break;
    }
    if (latest) turn.correction = std::move(report.correction);
    std::ranges::move(report.observations, std::back_inserter(turn.observations));
  }
  std::ranges::reverse(turn.calls);
  std::ranges::reverse(turn.observations);
  return turn;
}

}  // namespace troupe::models::builtin
