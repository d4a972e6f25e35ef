#pragma once

#include "models/message.h"
#include "models/settings.h"
#include "models/tokens/encoding.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// Counts what a request to one entry of `models:` has, before it is made.
///
/// Exactly, for OpenAI's own models: by their encoding, once that has been made, with the tokens that stand
/// around a message. Else estimated, and corrected by what the provider reported of earlier requests: a
/// ratio, smoothed and bounded. What is declared of tools is about right either way. Loop thread only.
class TokenCounter {
 public:
  /// Begins to make the encoding in the background, where the entry's model has one.
  explicit TokenCounter(const ModelSettings& entry);
  /// A plain estimate.
  TokenCounter() = default;

  /// Texts are counted exactly from now on.
  bool exact() const;
  /// It is exact, or a report of the provider corrects it.
  bool tried() const { return exact() || ratio_ != 1; }

  /// Of a message and what stands around it. Without the correction, which is for sums: see corrected().
  std::int64_t message(const Message& message) const {
    std::size_t room = std::string_view::npos;
    return this->message(message, room);
  }
  /// The same where many are counted at once: `room` is how many bytes may still be counted exactly, and is
  /// reduced by those that were.
  std::int64_t message(const Message& message, std::size_t& room) const;
  /// Of what a request has beside its messages: tools that are declared, and the beginning of the reply.
  std::int64_t beside(const std::vector<ToolDeclaration>& declared) const;
  /// Of a text by itself, corrected.
  std::int64_t text(std::string_view text) const { return corrected(count(text)); }

  /// A sum of message() and beside() as it is expected to be reported.
  std::int64_t corrected(std::int64_t sum) const;
  /// A request whose sum was `sum`, before correction, was reported to have `reported` tokens.
  void learn(std::int64_t sum, std::int64_t reported);
  double ratio() const { return ratio_; }
  /// Goes on from what another counter of the entry had learned. Nothing where this one has learned
  /// something.
  void go_on_from(double ratio);

 private:
  std::int64_t count(std::string_view text, std::size_t& room) const;
  std::int64_t count(std::string_view text) const {
    std::size_t room = std::string_view::npos;
    return count(text, room);
  }
  std::int64_t tool(const ToolDeclaration& declared) const;

  std::optional<tokens::EncodingName> encoding_;
  bool gpt5_ = false;
  double ratio_ = 1;            // reported to estimated
  mutable double density_ = 1;  // counted to estimated, of the text that was counted last
};

/// The encoding in which OpenAI counts for an entry; nothing where it is another's model.
std::optional<tokens::EncodingName> encoding_for(const ModelSettings& entry);

}  // namespace troupe::models
