#pragma once

#include "agents/teams/crew.h"

#include <optional>
#include <string>

namespace troupe::agents {

/// What a judge says of a piece of work.
struct WorkVerdict {
  bool accepted = false;
  std::string reason;
};

/// Reads {"accept": BOOL, "reason": TEXT} from the reply's data or text, or a reply that is one word such as
/// "accepted" or "no". What must be mended can only be a no; nothing when it cannot be read, which is never a
/// yes. Pure.
std::optional<WorkVerdict> verdict_on_work(const Reply& reply);

}  // namespace troupe::agents
