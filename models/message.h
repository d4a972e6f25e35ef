#pragma once

#include "runtime/base/json.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

enum class Role { system, user, assistant, tool };
std::string_view word(Role role);

/// A tool call as a model wrote it natively. `arguments` is JSON text, exactly as received; "" means {}.
struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;
};

/// A picture in a user message: a URL or a data: URL.
struct Image {
  std::string url;
};

/// One message of a conversation, in no provider's dialect.
struct Message {
  Role role = Role::user;
  std::string content;
  std::vector<ToolCall> tool_calls;  ///< assistant only
  std::string tool_call_id;          ///< tool only: the call it answers
  std::string name;                  ///< tool only: the tool
  std::vector<Image> images;         ///< user only
  std::string provider_state;  ///< opaque JSON a provider wants back unchanged (signatures, thinking blocks)
};

/// An append-only conversation. It grows only at its end, so a provider's codec can keep the text of what it
/// rendered before and add the new messages: a conversation is never serialised whole twice, and the bytes
/// sent to the provider keep a stable prefix, which is what its prompt cache needs.
/// Loop thread only; owned by one run.
class Transcript {
 public:
  void add(Message message) { messages_.push_back(std::move(message)); }
  const std::vector<Message>& messages() const { return messages_; }
  std::size_t size() const { return messages_.size(); }

  /// The rendering of messages [0, rendered) in one dialect, owned by that dialect's codec. Asking with
  /// another dialect name (a fallback to another provider) starts an empty one.
  struct Rendering {
    std::string_view dialect;
    std::size_t rendered = 0;
    std::string text;
  };
  Rendering& rendering(std::string_view dialect) const {
    if (rendering_.dialect != dialect) rendering_ = Rendering{dialect, 0, {}};
    return rendering_;
  }

 private:
  std::vector<Message> messages_;
  mutable Rendering rendering_;  // a cache: not part of the value
};

/// What a model is told about a tool.
struct ToolDeclaration {
  std::string name;
  std::string description;
  std::string schema;  ///< JSON Schema of the arguments, as text
};

/// What the caller wants from this call. Only `builtin` reads it.
enum class Intent { step, summarize, select, judge, rewrite, rerank };

/// How tools reach the model.
enum class ToolMode {
  prompted,  ///< described in the prompt; the model writes its step as text
  native,    ///< declared to the provider; the model answers with tool_calls
};

/// One model call, as any provider gets it.
struct ModelRequest {
  std::shared_ptr<const Transcript> transcript;
  std::shared_ptr<const std::vector<ToolDeclaration>> tools;  ///< never null
  ToolMode tool_mode = ToolMode::prompted;
  std::string schema;         ///< JSON Schema the reply must match, or ""
  std::string object_schema;  ///< the same for providers that take no choice at its root; "" = `schema`
  Intent intent = Intent::step;
  std::vector<std::string> stop;  ///< stop sequences
  /// The entry of `models:` to begin with, among a model and its fallbacks: those before it are beyond a
  /// budget.
  /// "": the model itself.
  std::string first_entry;
};

struct Usage {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cached_tokens = 0;       ///< part of input_tokens: read from the provider's prompt cache
  std::int64_t cache_write_tokens = 0;  ///< part of input_tokens: written to it
  bool estimated = false;               ///< the provider said nothing; we counted
};

enum class FinishReason { stop, length, tool_calls, content_filter, closed_early, other };
std::string_view word(FinishReason reason);

struct ModelReply {
  std::string text;
  std::string reasoning;  ///< kept apart from the answer
  std::vector<ToolCall> tool_calls;
  FinishReason finish = FinishReason::stop;
  Usage usage;
  std::string model;           ///< as the provider named it
  std::string entry;           ///< the entry of `models:` that answered: a fallback, or ""
  std::string provider_state;  ///< see Message
  bool cache_hit = false;
};

}  // namespace troupe::models
