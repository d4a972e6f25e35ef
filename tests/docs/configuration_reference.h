#pragma once

#include <string>
#include <string_view>

namespace troupe::docs {

/// The reference part of docs/configuration.md, rendered from the text of `troupe schema`: one Markdown table
/// per section, a row per key with its values, its default and what it means.
std::string configuration_reference(std::string_view schema_text);

}  // namespace troupe::docs
