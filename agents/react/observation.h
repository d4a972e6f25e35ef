#pragma once

#include "runtime/base/json.h"
#include "tools/tool.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// The tool that reads on in an output that was too long. Offered once there is such an output.
inline constexpr std::string_view kReadMore = "read_more";

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

  /// Where the rest can be read of an output that was too long.
  struct More {
    std::string cursor;
    std::size_t offset = 0;  ///< where `output` ends in the whole; 0: this was the last part
    std::size_t bytes = 0;   ///< of the whole
  };
  std::optional<More> more;
  std::optional<Json> edited;  ///< the input that a person put in the place of the model's
  bool denied = false;         ///< a person said no, or nobody said anything in time
  bool stop = false;           ///< denied, and the run ends of it whatever `on_deny` says
  bool ends = false;           ///< the run ends with it, as its answer
  bool unknown = false;        ///< whether it was carried out is not known; the run may end of it
};

}  // namespace troupe::agents
