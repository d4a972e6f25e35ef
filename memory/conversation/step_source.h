#pragma once

#include "models/message.h"
#include "runtime/async/task.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace troupe::memory {

/// A memory that keeps tool steps reads them of as many turns, and recalls no more turns than that.
inline constexpr std::size_t kStepTurns = 64;

/// The tool steps of finished runs, as their agent's strategy shows them to a model: whoever runs agents
/// knows. Each step is an assistant's message and then what came of it, and no call is without its result.
/// Loop thread only.
class StepSource {
 public:
  virtual ~StepSource() = default;
  /// By run; a run without steps may be missing. The same for the same runs each time. Errors: store.
  virtual Task<Result<std::map<std::string, std::vector<models::Message>>>> steps(
      std::vector<std::string> runs) = 0;
};

}  // namespace troupe::memory
