#include "models/providers/openai_reply.h"

#include "models/limits.h"
#include "models/providers/openai_chunk.h"
#include "models/providers/openai_error.h"

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

std::int64_t count(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  if (!value || !value->is_number()) return 0;
  double number = value->get<double>();
  return number > 0 && number < 1e15 ? static_cast<std::int64_t>(number) : 0;
}

std::string beginning(std::string_view text) {
  return std::string(text.substr(0, 60));
}

}  // namespace

Result<> OpenAiReply::feed(std::string_view bytes, std::vector<ReplyDelta>& deltas) {
  if (form_ == Form::unknown) {
    // Blanks and a byte order mark may come first, in pieces.
    body_.append(bytes);
    std::size_t first = body_.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (first == std::string::npos && body_.size() <= limits::kErrorBodyBytes) return {};
    if (first == std::string::npos) return fail(ErrorCode::protocol, "the answer consists of blanks");
    form_ = std::string_view("{[<").find(body_[first]) != std::string_view::npos ? Form::json : Form::stream;
    opening_ = beginning(std::string_view(body_).substr(first));
    if (form_ == Form::json) return {};
    std::string kept = std::exchange(body_, {});
    return feed(kept, deltas);
  }
  if (form_ == Form::json) {
    if (body_.size() + bytes.size() > bytes_max_)
      return fail(ErrorCode::protocol, fmt::format("the answer is larger than {} bytes", bytes_max_));
    body_.append(bytes);
    return {};
  }
  if (auto fed = decoder_.feed(bytes, pending_); !fed) return fail(ErrorCode::protocol, fed.error().message);
  return events(deltas);
}

Result<> OpenAiReply::events(std::vector<ReplyDelta>& deltas) {
  std::vector<SseEvent> arrived = std::exchange(pending_, {});
  any_event_ = any_event_ || !arrived.empty();
  for (const SseEvent& each : arrived) {
    if (done_) break;  // what follows [DONE] is not ours
    if (auto read = event(each, deltas); !read) return read;
    if (bytes() > bytes_max_)
      return fail(ErrorCode::protocol, fmt::format("the reply is larger than {} bytes", bytes_max_));
  }
  return {};
}

Result<> OpenAiReply::event(const SseEvent& event, std::vector<ReplyDelta>& deltas) {
  std::string_view data = event.data;
  while (!data.empty() && (data.back() == ' ' || data.back() == '\n')) data.remove_suffix(1);
  if (data.empty()) return {};
  if (data == "[DONE]") {
    done_ = true;
    return {};
  }
  if (event.event == "error") return fail(complaint_error(ProviderComplaint::read_text(data), 200));
  if (auto plain = chunks_.read(data)) {
    if (reply_.model.empty()) reply_.model = std::move(plain->model);
    add(ReplyDelta::Kind::reasoning, std::move(plain->reasoning), deltas);
    add(ReplyDelta::Kind::text, std::move(plain->content), deltas);
    if (!plain->finish_reason.empty()) finished(plain->finish_reason);
    return {};
  }
  auto parsed = parse_json(data);
  if (!parsed)
    return fail(ErrorCode::protocol, fmt::format("an event of the stream is no JSON ({}): {}",
                                                 parsed.error().message, beginning(data)));
  if (!parsed->is_object())
    return fail(ErrorCode::protocol, fmt::format("an event of the stream is no object: {}", beginning(data)));
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
  } else if (const Json* text = find(choice, "text"); text && text->is_string()) {
    add(ReplyDelta::Kind::text, text->get<std::string>(),
        deltas);  // a server that answers as /completions does
  }
  if (const Json* reason = find(choice, "finish_reason"); reason && reason->is_string())
    finished(reason->get_ref<const std::string&>());
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
  reply_.usage.input_tokens = count(usage, "prompt_tokens");
  reply_.usage.output_tokens = count(usage, "completion_tokens");
  std::int64_t cached = count(usage, "prompt_cache_hit_tokens");
  if (const Json* details = find(usage, "prompt_tokens_details"))
    cached = std::max(cached, count(*details, "cached_tokens"));
  reply_.usage.cached_tokens = cached;
  // xAI counts reasoning apart from the completion; everybody else within it. The total tells.
  if (const Json* details = find(usage, "completion_tokens_details")) {
    std::int64_t reasoning = count(*details, "reasoning_tokens");
    std::int64_t total = count(usage, "total_tokens");
    if (reasoning > 0 && total == reply_.usage.input_tokens + reply_.usage.output_tokens + reasoning)
      reply_.usage.output_tokens += reasoning;
  }
}

void OpenAiReply::finished(std::string_view reason) {
  if (reason.empty()) return;
  has_finish_ = true;
  reply_.finish = finish_of(reason);
}

void OpenAiReply::add(ReplyDelta::Kind kind, std::string text, std::vector<ReplyDelta>& deltas) {
  if (text.empty()) return;
  (kind == ReplyDelta::Kind::text ? reply_.text : reply_.reasoning) += text;
  if (!deltas.empty() && deltas.back().kind == kind)
    deltas.back().text += text;  // what arrived together goes on together
  else
    deltas.push_back({kind, std::move(text)});
}

Result<> OpenAiReply::whole(std::vector<ReplyDelta>& deltas) {
  auto parsed = parse_json(body_);
  if (!parsed)
    return fail(ErrorCode::protocol,
                fmt::format("the answer is no JSON ({}): {}", parsed.error().message, beginning(body_)));
  const Json& object = parsed->is_array() && !parsed->empty() ? parsed->front() : *parsed;
  if (auto read = chunk(object, deltas); !read) return read;
  const Json* choices = find(object, "choices");
  if (!choices || !choices->is_array() || choices->empty())
    return fail(ErrorCode::protocol, fmt::format("the answer has no choices: {}", beginning(body_)));
  done_ = true;
  return {};
}

Result<ModelReply> OpenAiReply::finish(std::vector<ReplyDelta>& deltas) {
  if (form_ == Form::json) {
    if (auto read = whole(deltas); !read) return fail(std::move(read.error()));
  } else if (auto last = decoder_.finish(); last && !done_) {
    any_event_ = true;
    if (auto read = event(*last, deltas); !read) return fail(std::move(read.error()));
  }
  if (!done_ && !has_finish_) {
    if (!any_event_ && !opening_.empty())
      return fail(ErrorCode::protocol,
                  fmt::format("the answer is neither JSON nor an event stream: {}", opening_));
    Error cut{ErrorCode::network, bytes() ? "the answer ended in the middle" : "the answer was empty"};
    cut.retryable = true;
    return fail(std::move(cut));
  }
  return take();
}

ModelReply OpenAiReply::closed_early() {
  ModelReply reply = take();
  reply.finish = FinishReason::closed_early;
  return reply;
}

ModelReply OpenAiReply::take() {
  ModelReply reply = std::move(reply_);
  reply.tool_calls = calls_.take();
  if (!has_finish_) reply.finish = FinishReason::stop;
  if (!reply.tool_calls.empty() && reply.finish == FinishReason::stop)
    reply.finish = FinishReason::tool_calls;
  if (refused_) reply.finish = FinishReason::content_filter;
  return reply;
}

}  // namespace troupe::models
