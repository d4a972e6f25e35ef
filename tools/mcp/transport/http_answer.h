#pragma once

#include "models/sse.h"
#include "runtime/net/http_client.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::tools::mcp {

/// Reads one HTTP answer of an MCP server: a head and bytes go in, messages come out, as they are complete in
/// a stream and at the end otherwise. Bounded. No input or output of its own.
class HttpAnswer {
 public:
  enum class Kind {
    none,      ///< no head yet
    accepted,  ///< taken, and there is no more to it
    message,   ///< one message as a body
    stream,    ///< messages as server-sent events
    refused,   ///< an HTTP status
  };

  HttpAnswer();

  void head(const net::HttpHead& head);
  /// False when no more can be taken: problem() says why.
  bool data(std::string_view bytes);
  /// No more will come.
  void finish();

  Kind kind() const { return kind_; }
  int status() const { return status_; }
  /// What it says it is; "" where it does not.
  const std::string& type() const { return type_; }
  /// Messages since the last take().
  std::vector<std::string> take() { return std::exchange(messages_, {}); }
  /// What came with a refusal.
  const std::string& body() const { return body_; }
  const std::string& problem() const { return problem_; }
  /// Whether anything came on the stream.
  bool heard() const { return heard_; }
  /// Of the last event of a stream that had one; "".
  const std::string& last_event_id() const { return events_.last_event_id(); }
  std::optional<std::chrono::milliseconds> retry() const { return events_.retry(); }
  /// What the server calls our session; "" where it does not, or where that cannot be a header.
  const std::string& session() const { return session_; }

 private:
  Kind kind_ = Kind::none;
  int status_ = 0;
  std::string type_;
  models::SseDecoder events_;
  std::vector<std::string> messages_;
  std::string body_;
  std::string problem_;
  std::string session_;
  bool heard_ = false;
};

}  // namespace troupe::tools::mcp
