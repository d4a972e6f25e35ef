#pragma once

#include "memory/conversation/recollection.h"
#include "memory/conversation/ruler.h"
#include "memory/conversation/settings.h"
#include "memory/conversation/step_source.h"
#include "memory/conversation/turn.h"
#include "memory/conversation/turn_vectors.h"
#include "models/embedder.h"
#include "models/model.h"
#include "prompts/prompt.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <memory>
#include <string>

namespace troupe::memory {

/// What a run is given of its session, and what it writes down about that.
struct Recalled {
  Recollection what;
  Json record;  ///< for Memory::recall_again
};

/// What an agent recalls when a run starts: the earlier turns of its session. Memory belongs to (session,
/// agent) and is a fold of the journal: nothing is stored twice, and what is recalled after a crash is what
/// was recalled before it. Concurrent calls are fine. Loop thread only.
class Memory {
 public:
  virtual ~Memory() = default;
  /// Earlier turns as user and assistant messages, oldest first, chosen for `message`, the one that is to be
  /// answered. A new session recalls nothing, which is not an error. What cannot be had (an embedder fails)
  /// is done without, with a warning `memory_degraded`. Errors: store, cancelled.
  virtual Task<Result<Recalled>> recall(std::string message, CallContext& context) = 0;
  /// The same again, in another process, from the record of a run that began before. Errors: store.
  virtual Task<Result<Recollection>> recall_again(Json record, CallContext& context) = 0;
  /// What is to be done about the turns so far, once an answer is out: nobody waits for it. It commits what
  /// comes of it by itself. A model, embedder or plugin that fails is told (warning `memory_degraded`) and
  /// asked again after the next run; until then older turns are left out. One at a time for a session and
  /// agent; again without a run in between it does nothing. Errors: store, cancelled.
  virtual Task<Result<>> settle(CallContext& context) = 0;
};

class OutsideMemory;

/// What memories work with; each of it outlives them. What a type needs and does not have is an error of
/// make_memory.
struct MemoryServices {
  store::Journal& journal;
  Ruler tokens;                             ///< empty: estimated_tokens()
  models::Model* model = nullptr;           ///< summary, summary_buffer: who summarises
  const prompts::Prompt* prompt = nullptr;  ///< the same: kSummaryPrompt
  models::Embedder* embedder = nullptr;     ///< vector
  TurnVectors* vectors = nullptr;           ///< vector
  StepSource* steps = nullptr;              ///< where `steps: true`
  const OutsideMemory* outside = nullptr;   ///< plugin/NAME
};

/// Makes memories whose choice is somebody else's code, outside of this process: those of a plugin, found and
/// held against its description. Constant. Loop thread only.
class OutsideMemory {
 public:
  virtual ~OutsideMemory() = default;
  /// It may outlive what makes it. `services.tokens` is not empty.
  virtual std::unique_ptr<Memory> make(const MemorySettings& settings, MemoryServices services) const = 0;
};

/// Errors: invalid (the settings, see check_memory), unavailable (a service that is not there).
Result<std::unique_ptr<Memory>> make_memory(const MemorySettings& settings, MemoryServices services);

}  // namespace troupe::memory
