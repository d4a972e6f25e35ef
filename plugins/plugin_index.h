#pragma once

#include "memory/knowledge/index/outside_index.h"
#include "plugins/plugins.h"
#include "runtime/async/loop.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <memory>
#include <string>
#include <string_view>

namespace troupe::plugins {

inline constexpr std::string_view kIndexKind = "index";
inline constexpr Milliseconds kIndexSearchTime{1'000};     // of one search, after which the worker is killed
inline constexpr Milliseconds kIndexBuildTime{3'600'000};  // of one build
inline constexpr std::size_t kIndexQueue = 16;             // searches of one index that wait for their turn

/// Indexes by a service of kind "index" of a plugin: `named` is PLUGIN, which has one, or PLUGIN/SERVICE.
/// Each index has a worker process of its own from its build to its end, beside the plugin's `workers`, so
/// that one that crashes or takes long concerns nobody else; it is given the vectors as memory that it shares
/// with the daemon and cannot change, and has one search at a time. `loop` outlives what is made.
/// Errors: not_found (no such plugin or service, with what there is), invalid (`options` that do not fit the
/// service's schema; a plugin without processes of its own).
Result<std::shared_ptr<memory::OutsideIndexes>> make_plugin_indexes(Loop& loop, const std::string& named,
                                                                    const Json& options,
                                                                    const PluginTable& plugins);

}  // namespace troupe::plugins
