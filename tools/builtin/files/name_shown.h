#pragma once

#include <string>

namespace troupe::tools::files {

/// A path as one line of a listing says it. Names hold whatever they like, also line breaks, which would
/// forge entries: one with control characters is a JSON string, and so is one that would look like that. What
/// is not UTF-8 becomes U+FFFD.
std::string name_shown(const std::string& path);

}  // namespace troupe::tools::files
