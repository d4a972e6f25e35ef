#pragma once

#include "runtime/base/context.h"

namespace troupe::models {

/// `context` for calls that belong to no run and take at most `longest` together, from now.
CallContext bounded(CallContext& context, Milliseconds longest);

}  // namespace troupe::models
