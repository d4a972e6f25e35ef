#include "agents/runs/turn_record.h"

#include "agents/runs/fact_fields.h"
#include "agents/runs/facts.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace troupe::agents {

namespace {

/// The calls of one step, until the next begins.
class Steps {
 public:
  void take(const Frame& frame, const Json& event) {
    if (frame.step != step_) flush();
    step_ = frame.step;
    if (frame.type == "thought") said_.content = string_or(event, "text");
    if (frame.type == "action") {
      const Json* input = find(event, "input");
      said_.tool_calls.push_back({.id = string_or(event, "call"),
                                  .name = string_or(event, "tool"),
                                  .arguments = input ? dump(*input) : "{}"});
    }
    if (frame.type != "observation") return;
    const bool ok = flag(event, "ok");
    results_[string_or(event, "call")] = string_or(event, ok ? "output" : "error");
  }
  std::vector<models::Message> finish() {
    flush();
    return std::move(all_);
  }

 private:
  void flush() {
    std::erase_if(said_.tool_calls, [&](const auto& call) { return !results_.contains(call.id); });
    if (!said_.tool_calls.empty()) {
      all_.push_back(said_);
      for (const models::ToolCall& call : said_.tool_calls)
        all_.push_back({.role = models::Role::tool,
                        .content = results_[call.id],
                        .tool_call_id = call.id,
                        .name = call.name});
    }
    said_ = {.role = models::Role::assistant};
    results_.clear();
  }

  int step_ = 0;
  models::Message said_{.role = models::Role::assistant};
  std::map<std::string, std::string> results_;
  std::vector<models::Message> all_;
};

Event event_of(const store::RunRow& row, std::string_view type, int step) {
  return {.type = type, .session = row.session, .run = row.id, .agent = row.agent, .step = step};
}

void add_said(const store::RunRow& row, const models::Message& said, int step, std::vector<Event>& events) {
  if (!said.content.empty()) {
    events.push_back(event_of(row, "thought", step));
    events.back().fields["text"] = said.content;
  }
  for (const models::ToolCall& call : said.tool_calls) {
    auto input = parse_json(call.arguments);
    events.push_back(event_of(row, "action", step));
    events.back().fields = {
        {"call", call.id}, {"tool", call.name}, {"input", input ? std::move(*input) : Json(call.arguments)}};
  }
}

void add_result(const store::RunRow& row, const models::Message& result, const std::string& tool, int step,
                std::vector<Event>& events) {
  events.push_back(event_of(row, "observation", step));
  events.back().fields = {
      {"call", result.tool_call_id}, {"tool", tool}, {"ok", true}, {"output", result.content}, {"ms", 0}};
}

/// The steps of a turn in the form of a strategy.
class Retelling {
 public:
  explicit Retelling(const Strategy& strategy) : strategy_(strategy) {}

  void take(const models::Message& step) {
    if (step.role == models::Role::assistant) {
      flush();
      if (!step.content.empty()) thought_ += (thought_.empty() ? "" : "\n\n") + step.content;
      calls_ = step.tool_calls;
    } else if (step.role == models::Role::tool) {
      results_.emplace(step.tool_call_id, step.content);
    }
  }
  std::vector<Json> finish() {
    flush();
    return std::move(all_);
  }

 private:
  void flush() {
    std::erase_if(calls_, [&](const auto& call) { return !results_.contains(call.id); });
    if (calls_.empty()) return results_.clear();  // a thought alone goes with the next call
    std::vector<Observation> observations;
    for (const models::ToolCall& call : calls_)
      observations.push_back(
          {.call = call.id, .tool = call.name, .ok = true, .output = results_.at(call.id)});
    models::Transcript shown;
    strategy_.retold(shown, std::exchange(thought_, ""), calls_, observations);
    Json messages = Json::array();
    for (const models::Message& message : shown.messages()) messages.push_back(message_to_fact(message));
    if (!messages.empty()) all_.push_back({{"messages", std::move(messages)}});
    calls_.clear();
    results_.clear();
  }

  const Strategy& strategy_;
  std::string thought_;
  std::vector<models::ToolCall> calls_;
  std::map<std::string, std::string> results_;  // by call
  std::vector<Json> all_;
};

}  // namespace

Result<std::vector<models::Message>> recorded_steps(const std::vector<Frame>& events) {
  Steps steps;
  for (const Frame& frame : events) {
    if (frame.type != "thought" && frame.type != "action" && frame.type != "observation") continue;
    auto event = parse_json(*frame.text);
    if (!event) return within("journal, run " + frame.run, event.error());
    steps.take(frame, *event);
  }
  return steps.finish();
}

Result<std::vector<models::Message>> imported_step(const store::Fact& fact) {
  auto body = parse_json(fact.body);
  if (!body) return within("journal, run " + fact.run + ", fact memory.step", body.error());
  std::vector<models::Message> messages;
  if (const Json* list = find(*body, "messages"); list && list->is_array())
    for (const Json& message : *list) messages.push_back(message_from_fact(message));
  return messages;
}

store::Append imported_run(store::RunRow row, const memory::DocumentTurn& turn, const Strategy* strategy) {
  row.input = turn.input;
  row.answer = turn.answer;
  row.status = turn.status;
  row.reason = turn.status == "done" ? "final_answer" : turn.status == "limit" ? "max_steps" : turn.status;
  store::Append append;
  std::map<std::string, std::string> tools;  // by call
  append.events.push_back(run_event(row, "run.started"));
  for (const models::Message& step : turn.steps) {
    if (step.role == models::Role::assistant) add_said(row, step, ++row.steps, append.events);
    for (const models::ToolCall& call : step.tool_calls) tools[call.id] = call.name;
    if (step.role == models::Role::tool)
      add_result(row, step, tools[step.tool_call_id], row.steps, append.events);
  }
  if (!turn.answer.empty()) {
    append.events.push_back(event_of(row, "answer", ++row.steps));
    append.events.back().fields["text"] = turn.answer;
  }
  append.events.push_back(event_of(row, "run.finished", 0));
  append.events.back().fields = {{"status", row.status},
                                 {"reason", row.reason},
                                 {"steps", row.steps},
                                 {"input_tokens", 0},
                                 {"output_tokens", 0},
                                 {"cost", 0},
                                 {"ms", 0}};
  if (strategy) {
    Retelling steps(*strategy);
    for (const models::Message& step : turn.steps) steps.take(step);
    int number = 0;
    for (const Json& step : steps.finish())
      append.facts.push_back({.run = row.id, .kind = kImportedStep, .step = ++number, .body = dump(step)});
  }
  append.run = std::move(row);
  return append;
}

}  // namespace troupe::agents
