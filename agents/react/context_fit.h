#pragma once

#include "models/message.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace troupe::agents {

/// A prompt as it is fitted into a model's context: the first message, what was recalled, the user's message,
/// the steps of this run. A step begins with the model's reply and has everything up to the next one, so that
/// calls and their results stay together.
struct PromptView {
  std::span<const models::Message> messages;
  std::size_t recalled = 0;                 ///< messages after the first
  std::span<const std::int64_t> tokens;     ///< of each message
  std::span<const std::int64_t> shortened;  ///< of each, if it is an output that can be shortened; else -1
  std::int64_t beside = 0;                  ///< tokens of the request beside its messages

  std::int64_t total() const;
};

/// What is left out.
struct FitPlan {
  bool fits = false;                   ///< with all this left out it is within the limit
  std::vector<std::size_t> shortened;  ///< outputs of earlier steps
  std::size_t turns = 0;               ///< earlier turns …
  std::size_t turn_messages = 0;       ///< … as messages from the second on
  std::size_t steps = 0;               ///< the first steps of this run …
  std::size_t step_messages = 0;       ///< … as messages after the user's
  std::vector<std::size_t> newest;     ///< outputs of the newest step
  std::int64_t tokens = 0;             ///< of what stays

  bool nothing() const { return shortened.empty() && turns == 0 && steps == 0 && newest.empty(); }
};

/// What is left out of a prompt so that it has at most `limit` tokens; nothing where it has already. In this
/// order: outputs of earlier steps, the oldest first; earlier turns, by the memory's rule; earlier steps
/// whole; outputs of the newest step. The system's message, the user's and the newest step stay. The first
/// three go on to `target`, which is lower: to make room is to lose what the provider's cache had, so it is
/// made for several steps. Pure.
FitPlan plan_fit(const PromptView& prompt, std::int64_t limit, std::int64_t target);

}  // namespace troupe::agents
