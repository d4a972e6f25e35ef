#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <string>
#include <string_view>

/// Where a result is written. Pure: nothing is asked of the file system.
namespace troupe::agents {

/// The path that `written` is once its `{name}` placeholders are filled from `values`. A value is part of one
/// name: in it separators, control characters and what is no UTF-8 become `_`, so do dots it begins with, and
/// it is cut at limits::kPathValueBytes. So the path never leads out of where it starts, and its folders are
/// those that were written, whatever the values are. Errors: invalid (no value of that name; `written` is
/// absolute, or has an empty, `.` or `..` part), too_large; each names `where` it stands.
Result<std::string> output_path(std::string_view written, const Json& values, std::string_view where);

/// A value as a part of a name, as above.
std::string path_text(std::string_view value);

}  // namespace troupe::agents
