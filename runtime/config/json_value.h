#pragma once

#include "runtime/config/shape.h"

#include <string>

namespace troupe::config {

/// A value that is taken as it stands: maps, lists, texts, numbers, `true`, `false` and null, as YAML writes
/// them (what reads differently from what it looks like, such as `010`, is an error here as everywhere).
/// For JSON Schemas, inputs of tools and the like. `expected`: "a JSON Schema".
ShapePtr<Json> json_value(std::string expected);
/// The same, but only a map.
ShapePtr<Json> json_object(std::string expected);

}  // namespace troupe::config
