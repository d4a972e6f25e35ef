#pragma once

#include "models/message.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// What an agent recalls when a run starts: the earlier turns of its session. Memory belongs to (session,
/// agent) and is a fold of the journal: nothing is stored twice, and what is recalled after a crash is what
/// was recalled before it. Loop thread only.
class Memory {
 public:
  virtual ~Memory() = default;
  /// Earlier turns as user and assistant messages, oldest first. A new session recalls nothing, which is not
  /// an error. Errors: store.
  virtual Task<Result<std::vector<models::Message>>> recall(CallContext& context) = 0;
};

struct MemorySettings {
  std::string type = "buffer";  ///< none | buffer | window
  int turns = 10;               ///< window: how many of the last turns
};

/// Whatever its type, a memory never recalls more than this: older turns are left out first.
inline constexpr std::size_t kRecallTurns = 1'000;
inline constexpr std::size_t kRecallBytes = 256u << 10;

/// The memory kinds there are, in the order they are shown.
std::vector<std::string_view> memory_types();

/// Errors: invalid (unknown type). `journal` outlives the memory.
Result<std::unique_ptr<Memory>> make_memory(const MemorySettings& settings, store::Journal& journal);

/// `extra` of a run whose message no memory may keep, because it never passed the rules for messages.
std::string withheld(const std::string& extra);

/// The pure part: turns (finished runs, oldest first) to messages. What the user said in a run that failed or
/// was cancelled stays, marked so; its half-made answer does not exist. Of a run whose message is withheld
/// nothing stays.
std::vector<models::Message> fold_turns(const std::vector<store::RunRow>& turns, std::size_t turns_max,
                                        std::size_t bytes_max = kRecallBytes);

}  // namespace troupe::memory
