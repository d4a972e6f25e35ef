#include "models/cassettes/exchange.h"

#include "models/cassettes/body_pieces.h"
#include "runtime/base/sha256.h"

#include <array>

#include <fmt/format.h>

namespace troupe::models {

namespace {

constexpr int kVersion = 2;
constexpr std::size_t kWrapping = 2;  // levels around the body of a request

// What a transport fails with; see HttpClient.
constexpr std::array kCodes{ErrorCode::network, ErrorCode::timeout, ErrorCode::protocol,
                            ErrorCode::too_large};

std::int64_t integer_or(const Json& object, std::string_view key, std::int64_t fallback) {
  const Json* value = find(object, key);
  return value && value->is_number_integer() ? value->get<std::int64_t>() : fallback;
}
bool flag(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  return value && value->is_boolean() && value->get<bool>();
}

Json error_value(const Error& error) {
  return {{"code", word(error.code)}, {"message", error.message}, {"retryable", error.retryable}};
}

Error read_error(const Json& value) {
  Error error{ErrorCode::network, string_or(value, "message"), flag(value, "retryable"), 0, {}};
  for (ErrorCode code : kCodes)
    if (word(code) == string_or(value, "code")) error.code = code;
  return error;
}

Json head_value(const net::HttpHead& head) {
  Json headers = Json::object();
  for (const auto& [name, value] : head.headers) headers[name] = value;
  return {{"status", head.status}, {"headers", std::move(headers)}};
}

Result<> read_response(const Json& value, Exchange& exchange) {
  const auto status = integer_or(value, "status", 0);
  if (status < 100 || status > 999) return fail(ErrorCode::invalid, "`response.status` is no HTTP status");
  exchange.head.status = static_cast<int>(status);
  if (const Json* headers = find(value, "headers"); headers && headers->is_object())
    for (const auto& [name, text] : headers->items())
      if (text.is_string()) exchange.head.headers.emplace_back(name, text.get<std::string>());
  const Json* pieces = find(value, "pieces");
  auto read = pieces ? read_pieces(*pieces) : std::nullopt;
  if (!read) return fail(ErrorCode::invalid, "`response.pieces` is no list of texts");
  exchange.pieces = std::move(*read);
  exchange.closed = flag(value, "closed");
  return {};
}

}  // namespace

std::string to_line(const Exchange& exchange) {
  Json line = {
      {"version", kVersion}, {"sha256", sha256_hex(dump(exchange.request))}, {"request", exchange.request}};
  if (exchange.head.status != 0) {
    line["response"] = head_value(exchange.head);
    line["response"]["pieces"] = pieces_value(exchange.pieces);
    if (exchange.closed) line["response"]["closed"] = true;
  }
  if (!exchange.end) line["error"] = error_value(exchange.end.error());
  return dump(line);
}

Result<Exchange> from_line(std::string_view text) {
  auto line = parse_json(text, limits::kJsonDepth + kWrapping, text.size());
  if (!line) return fail(std::move(line.error()));
  if (integer_or(*line, "version", 0) != kVersion)
    return fail(ErrorCode::invalid, fmt::format("not an exchange of version {}", kVersion));
  const Json* request = find(*line, "request");
  const Json* response = find(*line, "response");
  const Json* error = find(*line, "error");
  if (!request || !request->is_object()) return fail(ErrorCode::invalid, "`request` is missing");
  if (!response && !error) return fail(ErrorCode::invalid, "there must be a `response`, an `error`, or both");
  Exchange exchange;
  exchange.request = *request;
  if (response)
    if (auto read = read_response(*response, exchange); !read) return fail(std::move(read.error()));
  if (error) exchange.end = fail(read_error(*error));
  return exchange;
}

}  // namespace troupe::models
