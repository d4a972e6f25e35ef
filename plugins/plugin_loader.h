#pragma once

#include "memory/knowledge/ingest/external_loader.h"
#include "plugins/plugins.h"
#include "runtime/async/loop.h"

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace troupe::plugins {

inline constexpr std::string_view kLoaderKind = "loader";

/// The largest file that a plugin is given: with what stands beside it, it must fit into one message.
inline constexpr std::size_t kPluginFileBytes = 15u << 20;

/// The loaders of all plugins, in the order of their names, each called PLUGIN/LOADER. They keep their
/// plugins as these are: of newer ones there are new loaders. `loop` outlives them.
std::vector<std::shared_ptr<memory::ExternalLoader>> make_plugin_loaders(Loop& loop,
                                                                         const PluginTable& plugins);

}  // namespace troupe::plugins
