#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// JSON-RPC 2.0 as the Model Context Protocol uses it (modelcontextprotocol.io/specification, "Messages").
namespace troupe::tools::mcp {

/// Error codes that decide something.
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kHeaderMismatch = -32020;
inline constexpr int kMissingCapability = -32021;
inline constexpr int kUnsupportedVersion = -32022;

struct RpcError {
  int code = 0;
  std::string message;
  Json data;
};

/// A message of a server.
struct Incoming {
  enum class Kind { request, notification, result, error };
  Kind kind = Kind::notification;
  Json id;             ///< of a request as it came, which is how it goes back; else the number of ours
  std::string method;  ///< of a request or notification
  Json params;         ///< an object, or null
  Json result;
  RpcError error;
};

/// One message, or the messages of a batch. Errors: protocol, saying what is wrong with it; too_large.
Result<std::vector<Incoming>> read_messages(std::string_view text);

std::string request_text(std::int64_t id, std::string_view method, const Json& params);
/// `params` null: none.
std::string notification_text(std::string_view method, const Json& params);
std::string answer_text(const Json& id, const Json& result);
std::string refusal_text(const Json& id, int code, std::string_view message);

/// "MCP error -32602: Unknown tool", with what data it brought, cut.
std::string text_of(const RpcError& error);

}  // namespace troupe::tools::mcp
