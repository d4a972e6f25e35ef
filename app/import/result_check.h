#pragma once

#include "app/import/draft.h"

#include <string>
#include <vector>

namespace troupe::app {

/// What `troupe check` will find wrong with what was written to `path` ("": to stdout) once the variables
/// that it reads are set. Blocking.
std::vector<std::string> problems_of(const Imported& imported, const std::string& path);

}  // namespace troupe::app
