#include "models/providers/anthropic_reply.h"

#include "models/providers/anthropic_state.h"
#include "models/providers/complaint.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr std::size_t kBlocksMax = 1'000;

FinishReason finish_of(std::string_view reason) {
  if (reason == "end_turn" || reason == "stop_sequence") return FinishReason::stop;
  if (reason == "max_tokens" || reason == "model_context_window_exceeded") return FinishReason::length;
  if (reason == "tool_use") return FinishReason::tool_calls;
  if (reason == "refusal") return FinishReason::content_filter;
  return FinishReason::other;
}

const Json kNothing = Json::object();

const Json& member(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  return value && value->is_object() ? *value : kNothing;
}

}  // namespace

Result<> AnthropicReply::event(std::string_view, std::string_view data, std::vector<ReplyDelta>& deltas) {
  auto parsed = object_of(data);
  if (!parsed) return fail(std::move(parsed.error()));
  const std::string type = string_or(*parsed, "type");
  if (type == "content_block_delta") {
    if (Block* block = block_at(*parsed)) extend_block(*block, member(*parsed, "delta"), deltas);
  } else if (type == "content_block_start") {
    const Json* index = find(*parsed, "index");
    const auto at = index && index->is_number_integer() ? index->get<std::int64_t>()
                                                        : static_cast<std::int64_t>(blocks_.size());
    begin_block(at, member(*parsed, "content_block"), deltas);
  } else if (type == "content_block_stop") {
    if (Block* block = block_at(*parsed)) block->whole = true;
  } else if (type == "message_start") {
    return begin_message(member(*parsed, "message"));
  } else if (type == "message_delta") {
    stopped_by(member(*parsed, "delta"));
    if (const Json* counted = find(*parsed, "usage")) {
      usage(*counted);
      has_usage_ = counted->is_object();
    }
  } else if (type == "message_stop") {
    done_ = true;
  } else if (type == "error" || is_error_body(*parsed)) {
    return fail(complaint_error(ProviderComplaint::read(*parsed), 200));
  }
  return {};
}

Result<> AnthropicReply::document(const Json& body, std::vector<ReplyDelta>& deltas) {
  if (string_or(body, "type") == "error" || is_error_body(body))
    return fail(complaint_error(ProviderComplaint::read(body), 200));
  const Json* content = find(body, "content");
  if (!content || !content->is_array())
    return fail(ErrorCode::protocol, fmt::format("the answer has no content: {}", beginning(dump(body))));
  if (auto begun = begin_message(body); !begun) return begun;
  for (const Json& block : *content) {
    if (!block.is_object()) continue;
    begin_block(static_cast<std::int64_t>(blocks_.size()), block, deltas);
    blocks_.back().whole = true;
  }
  stopped_by(body);
  has_usage_ = !member(body, "usage").empty();
  return {};
}

// Gateways that ask again on their own account begin a second message within one stream; the first is void.
Result<> AnthropicReply::begin_message(const Json& message) {
  if (!reply_.text.empty()) {
    Error again{ErrorCode::protocol, "a second message began in the middle of the reply"};
    again.retryable = true;
    return fail(std::move(again));
  }
  blocks_.clear();
  reply_.reasoning.clear();
  other_bytes_ = 0;
  if (reply_.model.empty()) reply_.model = string_or(message, "model");
  usage(member(message, "usage"));
  return {};
}

void AnthropicReply::begin_block(std::int64_t index, const Json& content, std::vector<ReplyDelta>& deltas) {
  if (blocks_.size() >= kBlocksMax) blocks_.pop_back();
  Block& block = blocks_.emplace_back(Block{.index = index, .type = string_or(content, "type")});
  if (block.type == "text" || block.type == "thinking") {
    extend_block(block, content, deltas);
    return;
  }
  block.received = content;
  if (const Json* input = find(content, "input"); input && !input->empty()) block.input = dump(*input);
  other_bytes_ += block.input.size() + 64;
  // Results of the provider's tools come whole and may be large.
  if (block.type != "tool_use") other_bytes_ += dump(content).size();
}

// A delta has the members of the block that it extends, and of no other.
void AnthropicReply::extend_block(Block& block, const Json& delta, std::vector<ReplyDelta>& deltas) {
  if (std::string text = string_or(delta, "text"); !text.empty() && block.type == "text") {
    block.text += text.size();
    add(ReplyDelta::Kind::text, std::move(text), deltas);
  }
  if (std::string thinking = string_or(delta, "thinking"); !thinking.empty() && block.type == "thinking") {
    block.thinking += thinking;
    add(ReplyDelta::Kind::reasoning, std::move(thinking), deltas);
  }
  if (block.type == "thinking") {
    const std::string signature = string_or(delta, "signature");
    block.signature += signature;
    other_bytes_ += signature.size();
  }
  if (std::string input = string_or(delta, "partial_json"); !input.empty()) {
    other_bytes_ += input.size();
    block.input += input;
  }
}

AnthropicReply::Block* AnthropicReply::block_at(const Json& event) {
  if (blocks_.empty()) return nullptr;
  const Json* index = find(event, "index");
  if (!index || !index->is_number_integer()) return &blocks_.back();
  auto known = std::ranges::find(blocks_.rbegin(), blocks_.rend(), index->get<std::int64_t>(), &Block::index);
  return known == blocks_.rend() ? nullptr : &*known;
}

// What a later event says replaces what an earlier one said; input comes in three parts.
void AnthropicReply::usage(const Json& usage) {
  const auto update = [&](std::int64_t& count, std::string_view key) {
    if (const Json* value = find(usage, key); value && value->is_number()) count = count_of(usage, key);
  };
  update(uncached_, "input_tokens");
  update(written_, "cache_creation_input_tokens");
  update(read_, "cache_read_input_tokens");
  update(reply_.usage.output_tokens, "output_tokens");
  reply_.usage.input_tokens = uncached_ + written_ + read_;
  reply_.usage.cached_tokens = read_;
  reply_.usage.cache_write_tokens = written_;
}

void AnthropicReply::stopped_by(const Json& holder) {
  const std::string reason = string_or(holder, "stop_reason");
  if (!reason.empty()) finished(finish_of(reason));
}

// A block that is to come back unchanged, put together from its pieces; null: one that cannot be.
Json AnthropicReply::sent_back(Block& block) {
  if (block.type == "thinking") {
    if (block.signature.empty()) return nullptr;
    return {{"type", "thinking"},
            {"thinking", std::move(block.thinking)},
            {"signature", std::move(block.signature)}};
  }
  if (find(block.received, "input")) {
    auto input = parse_json(block.input.empty() ? "{}" : std::string_view(block.input));
    if (!input) return nullptr;
    block.received["input"] = std::move(*input);
  }
  return std::move(block.received);
}

void AnthropicReply::complete_reply(ModelReply& reply) {
  AnthropicState state;
  for (Block& block : blocks_) {
    if (block.type == "text") {
      state.add_text(block.text);
    } else if (block.type == "tool_use") {
      state.add_call();
      reply.tool_calls.push_back({string_or(block.received, "id"), string_or(block.received, "name"),
                                  block.input.empty() ? "{}" : std::move(block.input)});
    } else if (block.whole) {
      if (Json back = sent_back(block); back.is_object()) state.add_block(std::move(back));
    }
  }
  reply.provider_state = state.text();
}

}  // namespace troupe::models
