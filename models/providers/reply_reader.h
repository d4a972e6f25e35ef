#pragma once

#include "models/message.h"
#include "models/sse.h"
#include "runtime/base/json.h"
#include "runtime/base/limits.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// A piece of a reply, as it arrives.
struct ReplyDelta {
  enum class Kind { text, reasoning };
  Kind kind;
  std::string text;
};

/// Reads the answer to one model call, bytes in, deltas out, the same whatever the chunking. What all
/// providers share is here: the framing, the limits, the reply that grows; a provider reads its events. Sans
/// I/O; one use.
///
/// An event stream and a plain JSON body are told apart by how they begin, whatever was asked for; where a
/// provider streams JSON objects line by line, a body is a single line. Errors:
/// model or too_large as complaint.h says, for an error inside the answer; protocol for what cannot be read
/// or is larger than `bytes_max`; network (retryable) for an answer that ends before it is complete.
class ReplyReader {
 public:
  /// How a stream is cut into events.
  enum class Framing { events, lines };

  /// `bytes_max`: of text, reasoning and calls together; of a plain JSON body as a whole.
  explicit ReplyReader(std::size_t bytes_max = limits::kModelReplyBytes, Framing framing = Framing::events)
      : bytes_max_(bytes_max), framing_(framing) {}
  virtual ~ReplyReader() = default;
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  Result<> feed(std::string_view bytes, std::vector<ReplyDelta>& deltas);
  /// The end of the answer. A plain JSON body is read now, so deltas come from here too.
  Result<ModelReply> finish(std::vector<ReplyDelta>& deltas);
  /// The reply so far, for a consumer who had enough.
  ModelReply closed_early();

  /// Whether the end of the reply was seen: nothing that happens to the connection now matters.
  bool complete() const { return done_ || has_finish_; }
  /// Whether the server counted the tokens.
  bool has_usage() const { return has_usage_; }
  /// Bytes of text, reasoning and calls so far.
  std::size_t bytes() const { return reply_.text.size() + reply_.reasoning.size() + other_bytes_; }

 protected:
  /// One event of a stream; its data is not empty.
  virtual Result<> event(std::string_view type, std::string_view data, std::vector<ReplyDelta>& deltas) = 0;
  /// The whole answer, when it came as one JSON body.
  virtual Result<> document(const Json& body, std::vector<ReplyDelta>& deltas) = 0;
  /// Puts into the reply what was kept beside it until now: calls, the provider's state.
  virtual void complete_reply(ModelReply& reply) {}

  void add(ReplyDelta::Kind kind, std::string text, std::vector<ReplyDelta>& deltas);
  void finished(FinishReason reason);
  /// An event's data as an object. Error: protocol, with how it begins.
  static Result<Json> object_of(std::string_view data);
  /// The same in whatever form the answer has: "the answer has no choices: {…".
  static std::string beginning(std::string_view text) { return std::string(text.substr(0, 60)); }

  ModelReply reply_;
  std::size_t other_bytes_ = 0;  ///< of what is kept beside text and reasoning
  bool has_usage_ = false;
  bool has_finish_ = false;
  bool done_ = false;  ///< nothing that follows is ours

 private:
  enum class Form { unknown, stream, json };

  Result<> lines(std::string_view bytes);
  Result<> events(std::vector<ReplyDelta>& deltas);
  Result<> one(const SseEvent& event, std::vector<ReplyDelta>& deltas);
  Result<> whole(std::vector<ReplyDelta>& deltas);
  ModelReply take();

  const std::size_t bytes_max_;
  const Framing framing_;
  Form form_ = Form::unknown;
  SseDecoder decoder_;
  std::vector<SseEvent> pending_;
  std::string body_;     // of a plain JSON answer, or a line that has not ended yet
  std::string opening_;  // how the answer begins, for errors
  bool any_event_ = false;
};

/// A member that counts something: 0 when it is absent, negative or no number.
std::int64_t count_of(const Json& object, std::string_view key);

}  // namespace troupe::models
