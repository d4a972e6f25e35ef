#include "app/run_summary.h"

#include "runtime/base/clock.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::app {

namespace {

std::int64_t number(const Json& event, std::string_view key) {
  const Json* value = find(event, key);
  return value && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

bool flag(const Json& event, std::string_view key) {
  const Json* value = find(event, key);
  return value && value->is_boolean() && value->get<bool>();
}

std::string seconds(std::int64_t ms) {
  return fmt::format("{:.3f} s", static_cast<double>(ms) / 1000);
}

void take_usage(const Json& event, RunSummary& summary) {
  ++summary.model_calls;
  summary.input_tokens += number(event, "input_tokens");
  summary.output_tokens += number(event, "output_tokens");
  if (const Json* cost = find(event, "cost"); cost && cost->is_number()) summary.cost += cost->get<double>();
  summary.cached_tokens += number(event, "cached_tokens");
  summary.model_ms += number(event, "ms");
  summary.estimated = summary.estimated || flag(event, "estimated");
}

void take_observation(const Json& event, RunSummary& summary) {
  if (!flag(event, "ok")) ++summary.failed_calls;
  summary.tool_ms += number(event, "ms");
}

}  // namespace

RunSummary summarize(const std::vector<Json>& events) {
  RunSummary summary;
  for (const Json& event : events) {
    const std::string type = string_or(event, "type");
    summary.steps = std::max(summary.steps, static_cast<int>(number(event, "step")));
    if (type == "usage") take_usage(event, summary);
    if (type == "action") ++summary.tool_calls;
    if (type == "observation") take_observation(event, summary);
    if (type == "warning") ++summary.warnings;
    if (type == "approval.required") {
      ++summary.approvals;
      summary.waiting.push_back(event);
    }
    if (type == "approval.given" || type == "approval.denied")
      std::erase_if(summary.waiting,
                    [&](const Json& one) { return string_or(one, "call") == string_or(event, "call"); });
    if (type == "run.finished") summary.waiting.clear();
  }
  return summary;
}

Json as_json(const RunSummary& summary) {
  Json json = {{"model_calls", summary.model_calls},
               {"tool_calls", summary.tool_calls},
               {"failed_calls", summary.failed_calls},
               {"approvals", summary.approvals},
               {"warnings", summary.warnings},
               {"cached_tokens", summary.cached_tokens},
               {"estimated", summary.estimated},
               {"model_ms", summary.model_ms},
               {"tool_ms", summary.tool_ms}};
  for (const Json& one : summary.waiting) {
    json["waiting"].push_back({{"call", string_or(one, "call")}, {"tool", string_or(one, "tool")}});
    if (std::string question = string_or(one, "question"); !question.empty())
      json["waiting"].back()["question"] = std::move(question);
    if (std::string reason = string_or(one, "reason"); !reason.empty())
      json["waiting"].back()["reason"] = std::move(reason);
  }
  return json;
}

// The row has what a run used once it has ended.
std::string as_text(const store::RunRow& ended, const RunSummary& summary, std::int64_t wall_ms) {
  store::RunRow row = ended;
  if (!row.finished()) {
    row.steps = summary.steps;
    row.input_tokens = summary.input_tokens;
    row.output_tokens = summary.output_tokens;
    row.cost = summary.cost;
  }
  const auto ms = std::max<std::int64_t>(0, (row.finished() ? row.finished_ms : wall_ms) - row.created_ms);
  std::string text = fmt::format(
      "run      {}\nsession  {}\ntarget   {}\nstatus   {}{}\ncreated  {}\ntime     {}{}, {} in models, {} in "
      "tools\n",
      row.id, row.session, row.target, row.status, row.reason.empty() ? "" : " (" + row.reason + ")",
      rfc3339(row.created_ms), seconds(ms), row.finished() ? "" : " so far", seconds(summary.model_ms),
      seconds(summary.tool_ms));
  text += fmt::format("steps    {}\ncalls    {} of tools{}{}\n", row.steps, summary.tool_calls,
                      summary.failed_calls ? fmt::format(", {} failed", summary.failed_calls) : "",
                      summary.approvals ? fmt::format(", {} asked a person", summary.approvals) : "");
  text += fmt::format("tokens   {} in, {} out{}{}\n", row.input_tokens, row.output_tokens,
                      summary.cached_tokens ? fmt::format(", {} cached", summary.cached_tokens) : "",
                      summary.estimated ? " (partly estimated)" : "");
  if (row.cost > 0) text += fmt::format("cost     {:.6g}\n", row.cost);
  if (summary.warnings > 0) text += fmt::format("warnings {}\n", summary.warnings);
  for (const Json& one : summary.waiting) {
    const std::string question = string_or(one, "question");
    const std::string call =
        fmt::format("{} {}", string_or(one, "tool"), find(one, "input") ? dump(one["input"]) : "");
    const std::string what = !string_or(one, "reason").empty() ? "say whether it is made again: " + call
                             : question.empty()                ? "allow " + call
                                                               : "answer: " + question;
    text += fmt::format("waiting  {}: a person must {}\n", string_or(one, "call"), what);
  }
  text += fmt::format("input    {}\n", row.input);
  return text;
}

std::string as_text(const std::vector<agents::SentRequest>& requests) {
  std::string text;
  for (const agents::SentRequest& request : requests) {
    text += fmt::format("=== step {}{}{}: {} messages to model {}{}\n", request.step,
                        request.rule.empty() ? "" : fmt::format(", rule `{}`", request.rule),
                        request.attempt > 1 ? fmt::format(", attempt {}", request.attempt) : "",
                        request.messages.size(), request.model,
                        request.fresh > 0 ? fmt::format(", new from the {}. on", request.fresh + 1) : "");
    if (!request.exact) text += "(the turns before it are no longer what they were when it was sent)\n";
    for (const models::Message& message : request.messages) {
      text += fmt::format("--- {}{}\n{}\n", word(message.role),
                          message.tool_call_id.empty() ? "" : " " + message.tool_call_id, message.content);
      for (const models::ToolCall& call : message.tool_calls)
        text += fmt::format("[calls {} {} {}]\n", call.id, call.name, call.arguments);
      for (const models::Image& image : message.images)
        text += fmt::format("[image {}]\n", image.url.substr(0, 100));
    }
    if (!request.tools.is_null()) text += fmt::format("--- tools\n{}\n", dump(request.tools));
    if (request.form.is_object() && !request.form.empty())
      text += fmt::format("--- form\n{}\n", dump(request.form));
    text += '\n';
  }
  return text;
}

}  // namespace troupe::app
