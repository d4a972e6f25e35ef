#include "models/providers/openai_reply.h"

#include "models/providers/complaint.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace troupe::models {

namespace {

FinishReason finish_of(std::string_view reason) {
  static constexpr std::array<std::pair<std::string_view, FinishReason>, 15> kReasons{{
      {"stop", FinishReason::stop},
      {"end_turn", FinishReason::stop},
      {"eos", FinishReason::stop},
      {"eos_token", FinishReason::stop},
      {"stop_sequence", FinishReason::stop},
      {"complete", FinishReason::stop},
      {"length", FinishReason::length},
      {"max_tokens", FinishReason::length},
      {"model_length", FinishReason::length},
      {"tool_calls", FinishReason::tool_calls},
      {"tool_use", FinishReason::tool_calls},
      {"function_call", FinishReason::tool_calls},
      {"content_filter", FinishReason::content_filter},
      {"safety", FinishReason::content_filter},
      {"refusal", FinishReason::content_filter},
  }};
  for (auto [word, finish] : kReasons)
    if (word == reason) return finish;
  return FinishReason::other;
}

}  // namespace

Result<> OpenAiReply::event(std::string_view type, std::string_view data, std::vector<ReplyDelta>& deltas) {
  if (data == "[DONE]") {
    done_ = true;
    return {};
  }
  if (type == "error") return fail(complaint_error(ProviderComplaint::read_text(data), 200));
  if (auto plain = chunks_.read(data)) {
    if (reply_.model.empty()) reply_.model = std::move(plain->model);
    add(ReplyDelta::Kind::reasoning, std::move(plain->reasoning), deltas);
    add(ReplyDelta::Kind::text, std::move(plain->content), deltas);
    if (!plain->finish_reason.empty()) finished_by(plain->finish_reason);
    return {};
  }
  auto parsed = object_of(data);
  if (!parsed) return fail(std::move(parsed.error()));
  return chunk(*parsed, deltas);
}

Result<> OpenAiReply::chunk(const Json& object, std::vector<ReplyDelta>& deltas) {
  if (is_error_body(object)) return fail(complaint_error(ProviderComplaint::read(object), 200));
  if (reply_.model.empty()) reply_.model = string_or(object, "model");
  if (const Json* choices = find(object, "choices"); choices && choices->is_array())
    for (const Json& each : *choices) {
      const Json* index = find(each, "index");
      bool first = !index || !index->is_number_integer() || index->get<std::int64_t>() == 0;
      if (first) {
        choice(each, deltas);
        break;  // one reply was asked for
      }
    }
  if (const Json* counted = find(object, "usage")) usage(*counted);
  if (const Json* groq = find(object, "x_groq"))
    if (const Json* counted = find(*groq, "usage"); counted && !has_usage_) usage(*counted);
  return {};
}

void OpenAiReply::choice(const Json& choice, std::vector<ReplyDelta>& deltas) {
  const Json* delta = find(choice, "delta");
  const Json* message = find(choice, "message");
  // A chunk with both has the whole message so far beside the delta.
  const Json* source = delta && delta->is_object() ? delta : bytes() == 0 ? message : nullptr;
  if (source && source->is_object()) {
    std::string reasoning = string_or(*source, "reasoning_content");
    if (reasoning.empty()) reasoning = string_or(*source, "reasoning");
    add(ReplyDelta::Kind::reasoning, std::move(reasoning), deltas);
    if (const Json* text = find(*source, "content")) content(*text, deltas);
    if (std::string refusal = string_or(*source, "refusal"); !refusal.empty()) {
      refused_ = true;
      add(ReplyDelta::Kind::text, std::move(refusal), deltas);
    }
    if (const Json* calls = find(*source, "tool_calls")) calls_.add(*calls);
    if (const Json* call = find(*source, "function_call")) calls_.add_function(*call);
    other_bytes_ = calls_.bytes();
  } else if (const Json* text = find(choice, "text"); text && text->is_string()) {
    add(ReplyDelta::Kind::text, text->get<std::string>(),
        deltas);  // a server that answers as /completions does
  }
  if (const Json* reason = find(choice, "finish_reason"); reason && reason->is_string())
    finished_by(reason->get_ref<const std::string&>());
}

// A string, null, or parts: {"type":"text"}, {"type":"thinking","thinking":[{"type":"text"}]}, references, …
void OpenAiReply::content(const Json& content, std::vector<ReplyDelta>& deltas) {
  if (content.is_string()) return add(ReplyDelta::Kind::text, content.get<std::string>(), deltas);
  if (!content.is_array()) return;
  for (const Json& part : content) {
    if (part.is_string()) {
      add(ReplyDelta::Kind::text, part.get<std::string>(), deltas);
    } else if (const Json* thinking = find(part, "thinking")) {
      if (thinking->is_string()) add(ReplyDelta::Kind::reasoning, thinking->get<std::string>(), deltas);
      if (thinking->is_array())
        for (const Json& piece : *thinking)
          add(ReplyDelta::Kind::reasoning, string_or(piece, "text"), deltas);
    } else if (std::string type = string_or(part, "type"); type == "text" || type == "output_text") {
      add(ReplyDelta::Kind::text, string_or(part, "text"), deltas);
    } else if (type == "refusal") {
      refused_ = true;
      add(ReplyDelta::Kind::text, string_or(part, "refusal"), deltas);
    }
  }
}

void OpenAiReply::usage(const Json& usage) {
  if (!usage.is_object() || usage.empty()) return;
  has_usage_ = true;
  reply_.usage.input_tokens = count_of(usage, "prompt_tokens");
  reply_.usage.output_tokens = count_of(usage, "completion_tokens");
  std::int64_t cached = count_of(usage, "prompt_cache_hit_tokens");
  if (const Json* details = find(usage, "prompt_tokens_details"))
    cached = std::max(cached, count_of(*details, "cached_tokens"));
  reply_.usage.cached_tokens = cached;
  // xAI counts reasoning apart from the completion; everybody else within it. The total tells.
  if (const Json* details = find(usage, "completion_tokens_details")) {
    std::int64_t reasoning = count_of(*details, "reasoning_tokens");
    std::int64_t total = count_of(usage, "total_tokens");
    if (reasoning > 0 && total == reply_.usage.input_tokens + reply_.usage.output_tokens + reasoning)
      reply_.usage.output_tokens += reasoning;
  }
}

void OpenAiReply::finished_by(std::string_view reason) {
  if (!reason.empty()) finished(finish_of(reason));
}

Result<> OpenAiReply::document(const Json& body, std::vector<ReplyDelta>& deltas) {
  const Json& object = body.is_array() && !body.empty() ? body.front() : body;
  if (auto read = chunk(object, deltas); !read) return read;
  const Json* choices = find(object, "choices");
  if (!choices || !choices->is_array() || choices->empty())
    return fail(ErrorCode::protocol, fmt::format("the answer has no choices: {}", beginning(dump(body))));
  return {};
}

void OpenAiReply::complete_reply(ModelReply& reply) {
  reply.tool_calls = calls_.take();
  if (refused_) reply.finish = FinishReason::content_filter;
}

}  // namespace troupe::models
