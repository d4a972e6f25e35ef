#include "models/providers/ollama_reply.h"

#include "models/providers/complaint.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr std::size_t kCallsMax = 128;

FinishReason finish_of(std::string_view reason) {
  if (reason == "length") return FinishReason::length;
  // Older versions give no reason.
  if (reason.empty() || reason == "stop") return FinishReason::stop;
  return FinishReason::other;
}

bool is_true(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  return value && value->is_boolean() && value->get<bool>();
}

}  // namespace

Result<> OllamaReply::event(std::string_view, std::string_view data, std::vector<ReplyDelta>& deltas) {
  auto parsed = object_of(data);
  if (!parsed) return fail(std::move(parsed.error()));
  return line(*parsed, deltas);
}

Result<> OllamaReply::document(const Json& body, std::vector<ReplyDelta>& deltas) {
  return line(body, deltas);
}

Result<> OllamaReply::line(const Json& line, std::vector<ReplyDelta>& deltas) {
  if (is_error_body(line)) return fail(complaint_error(ProviderComplaint::read(line), 200));
  if (reply_.model.empty()) reply_.model = string_or(line, "model");
  const Json* message = find(line, "message");
  const bool done = is_true(line, "done");
  if (!message && !done && !any_)
    return fail(ErrorCode::protocol, fmt::format("the answer has no message: {}", beginning(dump(line))));
  any_ = true;
  if (message) {
    add(ReplyDelta::Kind::reasoning, string_or(*message, "thinking"), deltas);
    add(ReplyDelta::Kind::text, string_or(*message, "content"), deltas);
    if (const Json* list = find(*message, "tool_calls"); list && list->is_array()) calls(*list);
  }
  if (!done) return {};
  finished(finish_of(string_or(line, "done_reason")));
  done_ = true;
  has_usage_ = find(line, "prompt_eval_count") || find(line, "eval_count");
  reply_.usage.input_tokens = count_of(line, "prompt_eval_count");
  reply_.usage.output_tokens = count_of(line, "eval_count");
  return {};
}

void OllamaReply::calls(const Json& calls) {
  for (const Json& each : calls) {
    const Json* function = find(each, "function");
    if (!function || calls_.size() >= kCallsMax) continue;
    const Json* arguments = find(*function, "arguments");
    ToolCall call{.id = string_or(each, "id"), .name = string_or(*function, "name")};
    if (call.name.empty()) continue;
    if (arguments && !arguments->is_null())
      call.arguments = arguments->is_string() ? arguments->get<std::string>() : dump(*arguments);
    if (call.arguments.empty()) call.arguments = "{}";
    other_bytes_ += call.arguments.size() + call.name.size();
    calls_.push_back(std::move(call));
  }
}

void OllamaReply::complete_reply(ModelReply& reply) {
  reply.tool_calls = std::move(calls_);
}

}  // namespace troupe::models
