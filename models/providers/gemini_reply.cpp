#include "models/providers/gemini_reply.h"

#include "models/providers/complaint.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr std::size_t kCallsMax = 128;

FinishReason finish_of(std::string_view reason) {
  if (reason == "STOP") return FinishReason::stop;
  if (reason == "MAX_TOKENS") return FinishReason::length;
  for (std::string_view withheld : {"SAFETY", "RECITATION", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII",
                                    "LANGUAGE", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT"})
    if (reason == withheld) return FinishReason::content_filter;
  return FinishReason::other;
}

// "harassment HIGH, hate_speech MEDIUM": what the ratings found, in the words of the `safety` setting.
std::string found_by(const Json& holder) {
  constexpr std::string_view kPrefix = "HARM_CATEGORY_";
  std::string out;
  const Json* ratings = find(holder, "safetyRatings");
  if (!ratings || !ratings->is_array()) return out;
  for (const Json& rating : *ratings) {
    std::string category = string_or(rating, "category"), probability = string_or(rating, "probability");
    if (probability.empty() || probability == "NEGLIGIBLE" || probability == "LOW") continue;
    if (category.starts_with(kPrefix)) category.erase(0, kPrefix.size());
    for (char& c : category) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    out += (out.empty() ? "" : ", ") + category + " " + probability;
  }
  return out;
}

Error blocked(std::string_view what, const std::string& reason, const Json& holder,
              std::string_view message) {
  std::string text = fmt::format("{}: {}", what, reason);
  if (std::string found = found_by(holder); !found.empty()) text += " (" + found + ")";
  if (!message.empty()) text += fmt::format(", {}", ProviderComplaint::read_text(message).message);
  if (reason == "SAFETY") text += ". What is let through is set by this entry's `safety`";
  return {ErrorCode::model, std::move(text)};
}

}  // namespace

Result<> GeminiReply::event(std::string_view, std::string_view data, std::vector<ReplyDelta>& deltas) {
  auto parsed = object_of(data);
  if (!parsed) return fail(std::move(parsed.error()));
  return chunk(*parsed, deltas);
}

Result<> GeminiReply::document(const Json& body, std::vector<ReplyDelta>& deltas) {
  if (!body.is_array()) {
    if (auto read = chunk(body, deltas); !read) return read;
  } else {
    for (const Json& each : body)
      if (auto read = chunk(each, deltas); !read) return read;
  }
  if (!any_candidate_)
    return fail(ErrorCode::protocol, fmt::format("the answer has no candidates: {}", beginning(dump(body))));
  return {};
}

Result<> GeminiReply::chunk(const Json& response, std::vector<ReplyDelta>& deltas) {
  if (find(response, "error")) return fail(complaint_error(ProviderComplaint::read(response), 200));
  if (reply_.model.empty()) reply_.model = string_or(response, "modelVersion");
  if (const Json* counted = find(response, "usageMetadata")) usage(*counted);
  const Json* candidates = find(response, "candidates");
  if (!candidates || !candidates->is_array() || candidates->empty()) {
    const Json* feedback = find(response, "promptFeedback");
    const std::string reason = feedback ? string_or(*feedback, "blockReason") : "";
    if (reason.empty()) return {};
    return fail(
        blocked("the prompt was blocked", reason, *feedback, string_or(*feedback, "blockReasonMessage")));
  }
  any_candidate_ = true;
  const Json& candidate = candidates->front();
  if (const Json* content = find(candidate, "content"))
    if (const Json* parts = find(*content, "parts"); parts && parts->is_array())
      for (const Json& each : *parts) part(each, deltas);
  return stopped_by(candidate);
}

Result<> GeminiReply::stopped_by(const Json& candidate) {
  const std::string reason = string_or(candidate, "finishReason");
  if (reason.empty() || reason == "FINISH_REASON_UNSPECIFIED") return {};
  finished(finish_of(reason));
  const bool nothing = reply_.text.empty() && calls_.empty();
  if (!nothing || reply_.finish == FinishReason::stop || reply_.finish == FinishReason::length) return {};
  Error error = blocked("the reply was withheld", reason, candidate, string_or(candidate, "finishMessage"));
  // A call that was not well formed may be the next time.
  error.retryable = reply_.finish == FinishReason::other;
  return fail(std::move(error));
}

void GeminiReply::part(const Json& part, std::vector<ReplyDelta>& deltas) {
  std::string signature = string_or(part, "thoughtSignature");
  other_bytes_ += signature.size();
  if (const Json* function = find(part, "functionCall")) return call(*function, std::move(signature));
  const Json* text = find(part, "text");
  if (!text || !text->is_string()) return;
  const Json* thought = find(part, "thought");
  if (thought && thought->is_boolean() && thought->get<bool>())
    return add(ReplyDelta::Kind::reasoning, text->get<std::string>(), deltas);
  state_.add({.bytes = text->get_ref<const std::string&>().size(), .signature = std::move(signature)});
  add(ReplyDelta::Kind::text, text->get<std::string>(), deltas);
}

void GeminiReply::call(const Json& function, std::string signature) {
  if (calls_.size() >= kCallsMax) return;
  const Json* arguments = find(function, "args");
  ToolCall call{.id = string_or(function, "id"),
                .name = string_or(function, "name"),
                .arguments = arguments && arguments->is_object() ? dump(*arguments) : "{}"};
  if (call.name.empty()) return;
  other_bytes_ += call.arguments.size() + call.name.size();
  state_.add({.call = true, .has_id = !call.id.empty(), .signature = std::move(signature)});
  calls_.push_back(std::move(call));
}

// Each chunk has the counts so far.
void GeminiReply::usage(const Json& usage) {
  if (!usage.is_object() || usage.empty()) return;
  has_usage_ = true;
  reply_.usage.input_tokens =
      count_of(usage, "promptTokenCount") + count_of(usage, "toolUsePromptTokenCount");
  reply_.usage.output_tokens =
      count_of(usage, "candidatesTokenCount") + count_of(usage, "thoughtsTokenCount");
  reply_.usage.cached_tokens = count_of(usage, "cachedContentTokenCount");
}

void GeminiReply::complete_reply(ModelReply& reply) {
  reply.tool_calls = std::move(calls_);
  reply.provider_state = state_.text();
}

}  // namespace troupe::models
