#pragma once

#include "models/message.h"
#include "models/providers/reply_reader.h"
#include "runtime/base/result.h"
#include "runtime/net/http_client.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::models {

/// The wire format of one provider: requests out, answers in. Sans I/O; loop thread only. HttpModel sends and
/// receives for it.
///
/// A body is put together from pieces that are rendered once: the fixed part once per model, the tools once
/// per vector of tools, each message once per conversation (kept in Transcript::rendering under the codec's
/// dialect; what is rendered there depends on the messages alone, since models of one provider share it). A
/// later body of a conversation repeats the bytes of an earlier one and has more at its end: what a
/// provider's prompt cache and ours need.
class Codec {
 public:
  explicit Codec(std::string_view dialect) : dialect_(dialect) {}
  virtual ~Codec() = default;

  virtual std::string request_body(const ModelRequest& request) = 0;
  /// Whether the body of this request holds its `schema`; where not, the model is asked as if there were
  /// none.
  virtual bool holds_schema(const ModelRequest& request) const { return false; }
  /// Whether the provider takes what the conversation holds. Errors: model, saying what to send instead.
  virtual Result<> accepts(const ModelRequest& request) const { return {}; }
  /// What reads one answer with a status of 2xx.
  virtual std::unique_ptr<ReplyReader> reply() const = 0;
  /// The error for an answer with any other status. `retry_after` is set where the body, not a header, tells.
  virtual Error refusal(const net::HttpHead& head, std::string_view body) const;

  /// The estimated tokens of a request whose body was made, for servers that do not count.
  std::int64_t estimate_input(const ModelRequest& request) const;

 protected:
  const std::string_view dialect_;  ///< static
};

}  // namespace troupe::models
