#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::models {

/// Counts what a model writes while it writes it, so that a stream can be closed in the middle when its
/// budget is spent. An estimate, as models/token_estimate.h makes it, the same however the text is cut into
/// pieces; what a provider says afterwards replaces it. Pure.
class StreamBudget {
 public:
  explicit StreamBudget(std::int64_t tokens_max) : tokens_max_(tokens_max) {}

  /// Counts the next piece. False once the budget is spent.
  bool take(std::string_view piece);
  bool spent() const { return tokens() >= tokens_max_; }
  /// Another number of tokens, those that are counted included.
  void set(std::int64_t tokens_max) { tokens_max_ = tokens_max; }
  std::int64_t tokens() const { return (narrow_ + 3) / 4 + wide_; }

 private:
  std::int64_t tokens_max_;
  std::int64_t narrow_ = 0;  // bytes of ASCII
  std::int64_t wide_ = 0;    // characters of other scripts
};

}  // namespace troupe::models
