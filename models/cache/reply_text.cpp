#include "models/cache/reply_text.h"

#include "models/cache/fields.h"

namespace troupe::models {

namespace {

constexpr std::int64_t kVersion = 1;

FinishReason finish_from(std::string_view name) {
  for (FinishReason reason : {FinishReason::stop, FinishReason::length, FinishReason::tool_calls,
                              FinishReason::content_filter, FinishReason::closed_early})
    if (name == word(reason)) return reason;
  return FinishReason::other;
}

}  // namespace

std::string reply_to_text(const ModelReply& reply) {
  FieldWriter out;
  out.number(kVersion);
  out.text(word(reply.finish));
  out.text(reply.model);
  const Usage& usage = reply.usage;
  for (std::int64_t count :
       {usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.cache_write_tokens})
    out.number(count);
  out.number(usage.estimated ? 1 : 0);
  out.text(reply.text);
  out.text(reply.reasoning);
  out.text(reply.provider_state);
  out.number(static_cast<std::int64_t>(reply.tool_calls.size()));
  for (const ToolCall& call : reply.tool_calls) {
    out.text(call.id);
    out.text(call.name);
    out.text(call.arguments);
  }
  return out.take();
}

std::optional<ModelReply> reply_from_text(std::string_view text) {
  FieldReader in(text);
  if (in.number() != kVersion) return std::nullopt;
  ModelReply reply;
  reply.finish = finish_from(in.text());
  reply.model = in.text();
  Usage& usage = reply.usage;
  for (std::int64_t* count :
       {&usage.input_tokens, &usage.output_tokens, &usage.cached_tokens, &usage.cache_write_tokens})
    *count = in.number();
  usage.estimated = in.number() != 0;
  reply.text = in.text();
  reply.reasoning = in.text();
  reply.provider_state = in.text();
  for (std::int64_t calls = in.number(); calls > 0 && in.good(); --calls) {
    ToolCall& call = reply.tool_calls.emplace_back();
    call.id = in.text();
    call.name = in.text();
    call.arguments = in.text();
  }
  if (!in.done()) return std::nullopt;
  return reply;
}

}  // namespace troupe::models
