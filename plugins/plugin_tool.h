#pragma once

#include "plugins/host/plugin.h"
#include "tools/tool.h"

#include <memory>
#include <string>

namespace troupe::plugins {

/// A tool of a plugin, which has it (PluginDescription::find). `name`: what models call it by. `description`:
/// for models, "" for the plugin's own. It keeps the plugin as it is: of a newer one there is a new tool.
std::shared_ptr<tools::Tool> make_plugin_tool(std::shared_ptr<Plugin> plugin, const std::string& tool,
                                              std::string name, std::string description);

}  // namespace troupe::plugins
