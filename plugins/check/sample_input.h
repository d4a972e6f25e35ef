#pragma once

#include "runtime/base/json.h"

namespace troupe::plugins {

/// A small value that a JSON Schema asks for: what it requires, of the types it names, with its examples,
/// defaults and first choices. For trying a tool out; what a pattern or a condition wants it may miss, so
/// hold it against the schema before use. Pure.
Json sample_input(const Json& schema);

}  // namespace troupe::plugins
