#pragma once

#include "plugins/settings.h"
#include "runtime/config/collections.h"

namespace troupe::plugins {

/// The `plugins:` section; its names are the namespace "plugins".
config::ShapePtr<config::Entries<PluginSettings>> section();

/// The `plugins_from:` section.
config::ShapePtr<LibraryFolderSettings> folder_section();

}  // namespace troupe::plugins
