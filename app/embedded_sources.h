#pragma once

#include <string_view>

namespace troupe::app {

/// plugins/troupe_plugin.h and plugins/sdk/troupe_plugin.hpp as they were when this program was built.
std::string_view plugin_header();
std::string_view plugin_sdk_header();

}  // namespace troupe::app
