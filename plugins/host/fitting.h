#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <string_view>

namespace troupe::plugins {

/// Holds what the configuration has for a plugin or one of its services against the schema that it describes;
/// null: it takes nothing, and `value` is empty. `key`: where it stands, for messages. Errors: invalid, with
/// every problem.
Result<> check_fits(const Json& value, const Json& schema, std::string_view key);

}  // namespace troupe::plugins
