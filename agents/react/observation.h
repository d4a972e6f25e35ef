#pragma once

#include "tools/tool.h"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::agents {

/// What came of a call. Also of one that was refused, failed, timed out or was cut short: no call is left
/// dangling.
struct Observation {
  std::string call;
  std::string tool;
  bool ok = false;
  std::string output;
  std::string error;
  bool truncated = false;
  std::int64_t ms = 0;
  std::vector<tools::Source> sources;
  std::string note;  ///< not "": what the engine tells the model beside it
};

}  // namespace troupe::agents
