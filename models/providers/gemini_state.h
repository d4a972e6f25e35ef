#pragma once

#include "runtime/base/json.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// What Gemini wants back of a model's turn, beside its text and calls: the thought signature of each part
/// that had one, and which calls had ids. Text and calls are kept in the message, so here they are only
/// counted.
class GeminiState {
 public:
  /// One part of a turn: a piece of text, or the next call.
  struct Part {
    bool call = false;
    bool has_id = false;    ///< of a call: it came with one, so its answer must name it
    std::size_t bytes = 0;  ///< of a piece of text
    std::string signature;  ///< "" = none
  };

  /// Adds a part; a piece of text goes on with the one before where neither is signed.
  void add(Part part);
  /// Bytes of the signatures.
  std::size_t bytes() const { return bytes_; }

  /// "" when there is nothing to be sent back.
  std::string text() const;
  /// Empty for a state that is another provider's or none.
  static std::vector<Part> parts_of(std::string_view state);

 private:
  std::vector<Part> parts_;
  std::size_t bytes_ = 0;
};

}  // namespace troupe::models
