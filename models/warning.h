#pragma once

#include "runtime/base/context.h"

#include <string>
#include <string_view>

namespace troupe::models {

/// Tells whoever watches the call's step, by a `warning` event. `code` is the kind, for programs
/// ("model_retry", "fallback"), `text` the whole of it for a person. Loop thread.
void warn(CallContext& context, std::string_view code, std::string text);

}  // namespace troupe::models
