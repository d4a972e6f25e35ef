#pragma once

#include <string>
#include <string_view>

namespace troupe::models {

/// What the API of a provider can, as the daemon speaks it; whether a model can, too, is for it to show.
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
