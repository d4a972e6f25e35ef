#pragma once

#include "models/message.h"
#include "models/providers/openai_chunk.h"
#include "models/providers/tool_call_assembly.h"
#include "models/sse.h"
#include "runtime/base/json.h"
#include "runtime/base/limits.h"
#include "runtime/base/result.h"

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

/// Reads the answer to one POST /chat/completions, bytes in, deltas out, the same whatever the chunking. An
/// event stream and a plain JSON body are told apart by how they begin, whatever was asked for. Sans I/O; one
/// use.
///
/// Tolerated, because servers do it: chunks without choices, usage on every chunk or on none, text as parts
/// or null, reasoning under either name or as parts, a refusal, keep-alive comments, no [DONE], a finish of
/// "stop" with calls. Errors: as openai_error.h, for an error inside the answer; protocol for what cannot be
/// read or is larger than `bytes_max`; network (retryable) for an answer that ends before it is
/// complete.
class OpenAiReply {
 public:
  /// `bytes_max`: of text, reasoning and arguments together; of a plain JSON body as a whole.
  explicit OpenAiReply(std::size_t bytes_max = limits::kModelReplyBytes) : bytes_max_(bytes_max) {}

  Result<> feed(std::string_view bytes, std::vector<ReplyDelta>& deltas);
  /// The end of the answer. A plain JSON body is read now, so deltas come from here too.
  Result<ModelReply> finish(std::vector<ReplyDelta>& deltas);
  /// The reply so far, for a consumer who had enough.
  ModelReply closed_early();

  /// Whether the end of the stream was seen: nothing that happens to the connection now matters.
  bool complete() const { return done_ || has_finish_; }
  /// Whether the server counted the tokens.
  bool has_usage() const { return has_usage_; }
  /// Bytes of text, reasoning and arguments so far.
  std::size_t bytes() const { return reply_.text.size() + reply_.reasoning.size() + calls_.bytes(); }

 private:
  enum class Form { unknown, stream, json };

  Result<> events(std::vector<ReplyDelta>& deltas);
  Result<> event(const SseEvent& event, std::vector<ReplyDelta>& deltas);
  Result<> chunk(const Json& chunk, std::vector<ReplyDelta>& deltas);
  Result<> whole(std::vector<ReplyDelta>& deltas);
  void choice(const Json& choice, std::vector<ReplyDelta>& deltas);
  void content(const Json& content, std::vector<ReplyDelta>& deltas);
  void usage(const Json& usage);
  void finished(std::string_view reason);
  void add(ReplyDelta::Kind kind, std::string text, std::vector<ReplyDelta>& deltas);
  ModelReply take();

  const std::size_t bytes_max_;
  Form form_ = Form::unknown;
  SseDecoder decoder_;
  TextChunkReader chunks_;
  std::vector<SseEvent> pending_;
  std::string body_;     ///< of a plain JSON answer
  std::string opening_;  ///< how the answer begins, for errors
  bool any_event_ = false;
  ModelReply reply_;
  ToolCallAssembly calls_;
  bool has_usage_ = false;
  bool has_finish_ = false;
  bool refused_ = false;
  bool done_ = false;
};

}  // namespace troupe::models
