#pragma once

#include <string>
#include <string_view>

namespace troupe::models {

/// What `provider:` begins with where a plugin is one: `plugin/NAME`.
inline constexpr std::string_view kPluginProvider = "plugin/";
/// NAME of `plugin/NAME`; "" for any other provider.
constexpr std::string_view plugin_of(std::string_view provider) {
  return provider.starts_with(kPluginProvider) ? provider.substr(kPluginProvider.size()) : "";
}

/// What the API of a provider can, as the daemon speaks it; whether a model can, too, is for it to show. That
/// of plugins can everything.
struct Abilities {
  bool stream = false;
  bool tools = false;   ///< native calls
  bool images = false;  ///< in user messages
  bool schema = false;  ///< a reply held to a JSON Schema
};
Abilities abilities_of(std::string_view provider);

/// The `base_url` of an entry, or where its provider is reached without one.
std::string_view base_of(std::string_view provider, const std::string& base_url);

}  // namespace troupe::models
