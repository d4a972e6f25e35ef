#include "app/run_export.h"

#include <fmt/format.h>

namespace troupe::app {

namespace {

const Json* event_of(const std::vector<Json>& events, std::string_view type) {
  for (const Json& event : events)
    if (string_or(event, "type") == type) return &event;
  return nullptr;
}

std::string question(const std::vector<Json>& events) {
  for (std::string_view type : {"run.queued", "run.started"})
    if (const Json* event = event_of(events, type)) return string_or(*event, "input");
  return "";
}

std::string outcome(const Json& observation) {
  const Json* ok = find(observation, "ok");
  return ok && ok->is_boolean() && ok->get<bool>() ? string_or(observation, "output")
                                                   : "error: " + string_or(observation, "error");
}

// A step's thought and calls are one assistant message, as the API wants them.
Json as_openai_chat(const std::vector<Json>& events) {
  Json messages = Json::array();
  messages.push_back({{"role", "user"}, {"content", question(events)}});
  Json* calling = nullptr;  // the assistant message that is being put together
  std::string thought;
  for (const Json& event : events) {
    const std::string type = string_or(event, "type");
    if (type == "thought") {
      thought = string_or(event, "text");
      calling = nullptr;
    } else if (type == "action") {
      if (!calling) {
        messages.push_back(
            {{"role", "assistant"}, {"content", std::exchange(thought, "")}, {"tool_calls", Json::array()}});
        calling = &messages.back();
      }
      const Json* input = find(event, "input");
      (*calling)["tool_calls"].push_back(
          {{"id", string_or(event, "call")},
           {"type", "function"},
           {"function", {{"name", string_or(event, "tool")}, {"arguments", input ? dump(*input) : "{}"}}}});
    } else if (type == "observation") {
      messages.push_back(
          {{"role", "tool"}, {"tool_call_id", string_or(event, "call")}, {"content", outcome(event)}});
      calling = nullptr;
    } else if (type == "answer") {
      messages.push_back({{"role", "assistant"}, {"content", string_or(event, "text")}});
    }
  }
  return {{"messages", std::move(messages)}};
}

}  // namespace

std::vector<std::string> export_formats() {
  return {"events", "openai-chat", "alpaca", "sharegpt"};
}

Result<std::string> export_run(const std::vector<Json>& events, std::string_view format) {
  if (format == "events") {
    std::string lines;
    for (const Json& event : events) lines += dump(event) + "\n";
    return lines;
  }
  if (format == "openai-chat") return dump(as_openai_chat(events)) + "\n";
  if (format != "alpaca" && format != "sharegpt")
    return fail(ErrorCode::invalid,
                fmt::format("there is no format `{}`; known: {}", format, fmt::join(export_formats(), ", ")));
  const Json* answer = event_of(events, "answer");
  if (!answer) return fail(ErrorCode::invalid, fmt::format("the run has no answer, which {} needs", format));
  if (format == "alpaca")
    return dump(Json{
               {"instruction", question(events)}, {"input", ""}, {"output", string_or(*answer, "text")}}) +
           "\n";
  return dump(Json{{"conversations",
                    {{{"from", "human"}, {"value", question(events)}},
                     {{"from", "gpt"}, {"value", string_or(*answer, "text")}}}}}) +
         "\n";
}

}  // namespace troupe::app
