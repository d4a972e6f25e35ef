#pragma once

#include "models/message.h"
#include "runtime/store/journal.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace troupe::memory {

/// Whatever its type, a memory never recalls more than this: older turns are left out first.
inline constexpr std::size_t kRecallTurns = 1'000;
inline constexpr std::size_t kRecallBytes = 256u << 10;

/// One turn of a conversation, as a model is shown it: what the user said, the calls it led to, the answer.
struct Turn {
  std::string run;  ///< its id
  models::Message user;
  std::size_t user_tail = 0;  ///< bytes at the end of what the user said that are about it, and stay whole
  std::vector<models::Message> steps;  ///< each an assistant's message with what came of it; often none
  std::optional<models::Message> answer;

  std::vector<models::Message> messages() const;
};

/// A finished run as a turn; nothing where its message is withheld. What the user said in a run that failed
/// or was cancelled stays, marked so; its half-made answer does not exist. Pure.
std::optional<Turn> turn_of(const store::RunRow& row);

/// `extra` of a run whose message no memory may keep, because it never passed the rules for messages.
std::string withheld(const std::string& extra);

/// Turns (finished runs, oldest first) to messages: the newest `turns_max`, as many of them as have
/// `bytes_max` together. Pure.
std::vector<models::Message> fold_turns(const std::vector<store::RunRow>& turns, std::size_t turns_max,
                                        std::size_t bytes_max = kRecallBytes);

}  // namespace troupe::memory
