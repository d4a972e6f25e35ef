#include "runtime/base/context.h"

#include <fmt/format.h>

namespace troupe {

Error stopped(std::string_view what, StopReason reason) {
  switch (reason) {
    case StopReason::deadline:
      return Error{ErrorCode::timeout, fmt::format("{}: ran out of time", what)};
    case StopReason::budget:
      return Error{ErrorCode::cancelled, fmt::format("{}: the budget is spent", what)};
    case StopReason::shutdown:
      return Error{ErrorCode::cancelled, fmt::format("{}: the daemon is stopping", what)};
    default:
      return Error{ErrorCode::cancelled, fmt::format("{}: cancelled", what)};
  }
}

}  // namespace troupe
