#pragma once

#include "runtime/base/json.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// What Anthropic's API wants back of an assistant's turn, beside its text and calls: thinking blocks with
/// their signatures, and what its own tools did, each at its place among the text and the calls. Text and
/// calls are kept in the message, so here they are only counted.
class AnthropicState {
 public:
  void add_block(Json block) { parts_.push_back(std::move(block)); }
  void add_text(std::size_t bytes);
  void add_call() { parts_.push_back("call"); }

  /// "" when there is nothing to be sent back.
  std::string text() const;
  /// The parts in their order: objects are blocks as they were received, numbers the bytes of a piece of
  /// text, "call" the next call. Empty for a state that is another provider's or none.
  static std::vector<Json> parts_of(std::string_view state);

 private:
  std::vector<Json> parts_;
};

}  // namespace troupe::models
