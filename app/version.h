#pragma once

namespace troupe::app {

/// "0.1.0", as CMakeLists.txt says.
extern const char* const kVersion;

}  // namespace troupe::app
