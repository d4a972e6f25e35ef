#pragma once

#include "models/settings.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::models {

/// How much one entry of `models:` reads and writes together: `context` of the configuration, or less, once a
/// provider said so. Loop thread only.
class ContextWindow {
 public:
  /// Unknown.
  ContextWindow() = default;
  explicit ContextWindow(const ModelSettings& entry)
      : tokens_(entry.context), reply_(entry.max_output_tokens) {}

  /// Nothing: unknown.
  std::optional<std::int64_t> tokens() const;
  /// What a request may have, so that there is room for the reply: `max_output_tokens`, or a share of the
  /// whole where that is not set; at most half. Nothing: unknown.
  std::optional<std::int64_t> prompt_max() const;
  /// What prompt_max() would be with `tokens` in all.
  std::int64_t prompt_max(std::int64_t tokens) const;

  /// A provider said that it takes no more than `tokens`.
  void learn(std::int64_t tokens);
  /// What it was told so; 0: nothing.
  std::int64_t learned() const { return learned_; }

 private:
  std::int64_t tokens_ = 0;
  std::int64_t reply_ = 0;
  std::int64_t learned_ = 0;
};

/// What a provider says of a request that was too long.
struct ExceededContext {
  std::optional<std::int64_t> max;     ///< what it takes
  std::optional<std::int64_t> prompt;  ///< what the request had, without the reply that was asked for
};
/// Reads it out of an error's message: "maximum context length is 8192 tokens. However, your messages
/// resulted in 9120", "prompt is too long: 210000 tokens > 200000 maximum" … Pure.
ExceededContext read_exceeded(std::string_view message);

}  // namespace troupe::models
