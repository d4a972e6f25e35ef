#include "tools/mcp/protocol/json_rpc.h"

#include "tools/mcp/bounds.h"
#include "tools/observation.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools::mcp {

namespace {

Json frame() {
  return Json{{"jsonrpc", "2.0"}};
}

std::unexpected<Error> no_message(std::string_view why) {
  return fail(ErrorCode::protocol, fmt::format("what came is no JSON-RPC message: {}", why));
}

RpcError read_error(const Json& error) {
  RpcError read;
  if (const Json* code = find(error, "code"); code && code->is_number_integer()) {
    // A number that is no int is no code of the specification either.
    const auto wide = code->get<std::int64_t>();
    read.code = static_cast<int>(std::clamp<std::int64_t>(wide, INT32_MIN, INT32_MAX));
  }
  read.message = string_or(error, "message");
  if (const Json* data = find(error, "data")) read.data = *data;
  return read;
}

Result<Incoming> read_one(Json& message) {
  if (!message.is_object()) return no_message("it is no object");
  if (string_or(message, "jsonrpc") != "2.0") return no_message("it has no `jsonrpc: \"2.0\"`");
  Incoming read;
  if (Json* id = message.contains("id") ? &message["id"] : nullptr) read.id = std::move(*id);
  if (!read.id.is_null() && !read.id.is_number_integer() && !read.id.is_string())
    return no_message("its `id` is neither a number nor a text");
  if (message.contains("method")) {
    if (!message["method"].is_string()) return no_message("its `method` is no text");
    read.method = message["method"].get<std::string>();
    if (message.contains("params")) read.params = std::move(message["params"]);
    if (!read.params.is_null() && !read.params.is_object()) return no_message("its `params` are no object");
    read.kind = read.id.is_null() ? Incoming::Kind::notification : Incoming::Kind::request;
    return read;
  }
  if (message.contains("error")) {
    if (!message["error"].is_object()) return no_message("its `error` is no object");
    read.kind = Incoming::Kind::error;
    read.error = read_error(message["error"]);
    return read;
  }
  if (!message.contains("result")) return no_message("it has neither `method` nor `result` nor `error`");
  if (read.id.is_null()) return no_message("it is an answer without an `id`");
  read.kind = Incoming::Kind::result;
  read.result = std::move(message["result"]);
  return read;
}

}  // namespace

Result<std::vector<Incoming>> read_messages(std::string_view text) {
  auto parsed = parse_json(text, limits::kJsonDepth, bounds::kMessageBytes);
  if (!parsed) {
    if (parsed.error().code == ErrorCode::too_large) return fail(std::move(parsed.error()));
    return no_message(parsed.error().message);
  }
  std::vector<Incoming> messages;
  if (!parsed->is_array()) {
    auto one = read_one(*parsed);
    if (!one) return fail(std::move(one.error()));
    messages.push_back(std::move(*one));
    return messages;
  }
  if (parsed->empty() || parsed->size() > bounds::kBatch)
    return no_message(fmt::format("it is a batch of {}", parsed->size()));
  for (Json& each : *parsed) {
    auto one = read_one(each);
    if (!one) return fail(std::move(one.error()));
    messages.push_back(std::move(*one));
  }
  return messages;
}

std::string request_text(std::int64_t id, std::string_view method, const Json& params) {
  Json message = frame();
  message["id"] = id;
  message["method"] = method;
  message["params"] = params;
  return dump(message);
}

std::string notification_text(std::string_view method, const Json& params) {
  Json message = frame();
  message["method"] = method;
  if (!params.is_null()) message["params"] = params;
  return dump(message);
}

std::string answer_text(const Json& id, const Json& result) {
  Json message = frame();
  message["id"] = id;
  message["result"] = result;
  return dump(message);
}

std::string refusal_text(const Json& id, int code, std::string_view message) {
  Json refusal = frame();
  refusal["id"] = id;
  refusal["error"] = {{"code", code}, {"message", message}};
  return dump(refusal);
}

std::string text_of(const RpcError& error) {
  std::string text =
      fmt::format("MCP error {}: {}", error.code, beginning(error.message, bounds::kErrorText));
  if (!error.data.is_null()) text += fmt::format(" ({})", beginning(dump(error.data), bounds::kErrorText));
  return text;
}

}  // namespace troupe::tools::mcp
