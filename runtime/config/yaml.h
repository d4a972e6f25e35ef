#pragma once

#include "runtime/config/node.h"

#include <optional>
#include <string_view>

namespace troupe::config {

/// Reads one YAML document into a tree. The only place that knows yaml-cpp.
///
/// Bounded: limits::kConfigNodes nodes and limits::kConfigTextBytes of text after aliases are expanded (which
/// is what defuses alias bombs), depth limits::kConfigDepth. Anchors, aliases and merge keys (`<<`) work; an
/// alias inside its own anchor is an error. Refused: duplicate keys, several documents, tags, keys that are
/// not text, control characters, text that is not UTF-8. Every problem is reported to `problems`; nothing
/// comes back when there is no tree to go on with. An empty file is a null node.
std::optional<Node> parse_yaml(std::string_view text, int file, const Sources& sources, Problems& problems);

}  // namespace troupe::config
