#pragma once

#include "runtime/base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// The interpreter that code runs in: `wanted` (absolute), or where that is "" the first `python3` in the
/// folders of `search` ("/usr/bin:/bin"). Scripts that look for another one (as version managers put in
/// front) are passed over, since nothing else can be executed in a sandbox; where the daemon is root, also
/// what nobody may not execute. Errors: not_found, invalid; each says what to install or to write. Blocking.
Result<std::string> find_interpreter(const std::string& wanted, std::string_view search);

/// What an interpreter outside of the system's folders needs to read to start: of the installation or virtual
/// environment that it belongs to, `pyvenv.cfg`, its library of modules and its shared library. Blocking.
std::vector<std::string> files_of_interpreter(const std::string& interpreter);

/// Whether nobody may enter every folder above `path`. Blocking.
bool others_may_reach(const std::string& path);

}  // namespace troupe::tools
