#include "models/exchange.h"

#include "runtime/base/sha256.h"

#include <array>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr int kVersion = 1;

constexpr std::array kFinishes{FinishReason::stop,         FinishReason::length,
                               FinishReason::tool_calls,   FinishReason::content_filter,
                               FinishReason::closed_early, FinishReason::other};
constexpr std::array kCodes{ErrorCode::invalid,  ErrorCode::not_found,   ErrorCode::denied,
                            ErrorCode::conflict, ErrorCode::busy,        ErrorCode::too_large,
                            ErrorCode::timeout,  ErrorCode::cancelled,   ErrorCode::network,
                            ErrorCode::protocol, ErrorCode::model,       ErrorCode::tool,
                            ErrorCode::store,    ErrorCode::unavailable, ErrorCode::internal};

template <class Enum, std::size_t N>
Enum from_word(const std::array<Enum, N>& values, std::string_view wanted, Enum fallback) {
  for (Enum value : values)
    if (word(value) == wanted) return value;
  return fallback;
}

std::int64_t integer_or(const Json& object, std::string_view key, std::int64_t fallback) {
  const Json* value = find(object, key);
  return value && value->is_number_integer() ? value->get<std::int64_t>() : fallback;
}
bool flag(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  return value && value->is_boolean() && value->get<bool>();
}

Json reply_value(const ModelReply& reply) {
  Json value = {{"text", reply.text}, {"finish", word(reply.finish)}, {"model", reply.model}};
  if (!reply.reasoning.empty()) value["reasoning"] = reply.reasoning;
  if (!reply.provider_state.empty()) value["provider_state"] = reply.provider_state;
  for (const ToolCall& call : reply.tool_calls)
    value["tool_calls"].push_back({{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}});
  value["usage"] = {{"input_tokens", reply.usage.input_tokens},
                    {"output_tokens", reply.usage.output_tokens},
                    {"cached_tokens", reply.usage.cached_tokens},
                    {"estimated", reply.usage.estimated}};
  return value;
}

ModelReply read_reply(const Json& value) {
  ModelReply reply;
  reply.text = string_or(value, "text");
  reply.reasoning = string_or(value, "reasoning");
  reply.model = string_or(value, "model");
  reply.provider_state = string_or(value, "provider_state");
  reply.finish = from_word(kFinishes, string_or(value, "finish"), FinishReason::other);
  if (const Json* calls = find(value, "tool_calls"); calls && calls->is_array())
    for (const Json& call : *calls)
      reply.tool_calls.push_back(
          {string_or(call, "id"), string_or(call, "name"), string_or(call, "arguments")});
  if (const Json* usage = find(value, "usage"))
    reply.usage = {integer_or(*usage, "input_tokens", 0), integer_or(*usage, "output_tokens", 0),
                   integer_or(*usage, "cached_tokens", 0), flag(*usage, "estimated")};
  return reply;
}

Json error_value(const Error& error) {
  Json value = {{"code", word(error.code)},
                {"message", error.message},
                {"retryable", error.retryable},
                {"status", error.status}};
  if (error.retry_after) value["retry_after_ms"] = error.retry_after->count();
  return value;
}

Error read_error(const Json& value) {
  Error error{from_word(kCodes, string_or(value, "code"), ErrorCode::model), string_or(value, "message"),
              flag(value, "retryable")};
  error.status = static_cast<int>(integer_or(value, "status", 0));
  if (auto wait = integer_or(value, "retry_after_ms", -1); wait >= 0)
    error.retry_after = std::chrono::milliseconds(wait);
  return error;
}

}  // namespace

std::string to_line(const Exchange& exchange) {
  Json line = {
      {"version", kVersion}, {"sha256", sha256_hex(dump(exchange.request))}, {"request", exchange.request}};
  Json pieces = Json::array();
  for (const Exchange::Piece& piece : exchange.pieces)
    pieces.push_back({{piece.reasoning ? "reasoning" : "text", piece.text}});
  line["pieces"] = std::move(pieces);
  if (exchange.outcome)
    line["reply"] = reply_value(*exchange.outcome);
  else
    line["error"] = error_value(exchange.outcome.error());
  return dump(line);
}

Result<Exchange> from_line(std::string_view text) {
  auto line = parse_json(text);
  if (!line) return fail(std::move(line.error()));
  if (auto version = integer_or(*line, "version", 0); version != kVersion)
    return fail(ErrorCode::invalid, fmt::format("not an exchange of version {}", kVersion));
  const Json* request = find(*line, "request");
  const Json* pieces = find(*line, "pieces");
  const Json* reply = find(*line, "reply");
  const Json* error = find(*line, "error");
  if (!request || !request->is_object()) return fail(ErrorCode::invalid, "`request` is missing");
  if (!pieces || !pieces->is_array()) return fail(ErrorCode::invalid, "`pieces` is missing");
  if (!reply == !error) return fail(ErrorCode::invalid, "there must be either a `reply` or an `error`");
  Exchange exchange;
  exchange.request = *request;
  for (const Json& piece : *pieces) {
    bool reasoning = find(piece, "reasoning") != nullptr;
    exchange.pieces.push_back({reasoning, string_or(piece, reasoning ? "reasoning" : "text")});
  }
  if (reply)
    exchange.outcome = read_reply(*reply);
  else
    exchange.outcome = fail(read_error(*error));
  return exchange;
}

}  // namespace troupe::models
