#pragma once

#include "runtime/base/json.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// A value read out of text that is not quite JSON, and what was mended on the way ("trailing comma",
/// "missing `}`"); nothing when the text was JSON.
struct RepairedJson {
  Json value;
  std::vector<std::string> repairs;
};

/// Reads the first object or list in `text`, wherever it stands: prose and code fences around it, single
/// quotes, unquoted keys, Python's literals, comments, raw line breaks, missing ends … A text that is wholly
/// a JSON number, string or literal is that value. Fails with `invalid` where there is no value, and with
/// `too_large` where it is nested too deep or longer than limits::kJsonBytes. Linear in the text. Any thread.
Result<RepairedJson> repair_json(std::string_view text);

}  // namespace troupe::agents
