#pragma once

#include "runtime/base/json.h"

#include <string>
#include <vector>

namespace troupe::tools {

/// Mends `value` where the schema leaves one reading only (see JsonSchema::validate) and appends what was
/// done. Looks through local references and anyOf/oneOf of plain types; where it cannot tell the type it
/// changes nothing.
void repair_value(Json& value, const Json& schema, std::vector<std::string>& repairs);

}  // namespace troupe::tools
