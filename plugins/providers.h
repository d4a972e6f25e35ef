#pragma once

#include "models/catalog.h"
#include "models/embedders/catalog.h"
#include "plugins/plugins.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::plugins {

inline constexpr std::string_view kModelKind = "model";
inline constexpr std::string_view kEmbedderKind = "embedder";

/// What an entry with `provider: plugin/NAME` means of a plugin.
struct Meant {
  std::size_t service = 0;  ///< by its place in the description
  std::string told;         ///< what the plugin is told as the model's name; "" nothing
};

/// The service of `kind` that is named as the entry's `model`, or the only one, which is then told that name.
/// `plugin`: the name in the configuration, for messages. Errors: not_found (there is none of this kind, or
/// several and none so named, with what there is). Pure.
Result<Meant> service_meant(const PluginDescription& description, std::string_view kind,
                            std::string_view plugin, const std::string& model);

/// What makes models and embedders of the plugins in `table`, which they keep. Errors: not_found (no such
/// plugin, or service_meant()). `workers`, where long answers are read, outlive what is made.
models::PluginModelMaker model_maker(PluginTable table, Workers& workers);
models::PluginEmbedderMaker embedder_maker(PluginTable table, Workers& workers);

/// What shapes the answers of a plugin beside what it is asked: its library and its `config`. Nothing of the
/// latter can be read from it. "" for one that is not in `table`.
std::string version_of(const PluginTable& table, std::string_view plugin);

}  // namespace troupe::plugins
