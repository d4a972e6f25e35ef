#pragma once

#include "runtime/base/json.h"

#include <string>

namespace troupe::config {

/// A value as YAML 1.2 for people, which reads back to an equal one: maps and lists as blocks, texts of
/// several lines as literal blocks where that loses nothing, and everything that could be taken for something
/// else in quotes. Ends with a line break. Pure.
std::string yaml_text(const Json& value);

}  // namespace troupe::config
