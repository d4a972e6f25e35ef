#pragma once

#include "runtime/config/environment.h"
#include "runtime/config/node.h"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::config {

/// Reads a configuration file and, by its `include: [glob]`, further ones, into one tree.
///
/// Patterns are relative to the file that names them; their matches are read in alphabetical order. A pattern
/// never matches the file it stands in, a file reached twice is read once, a cycle is an error. Merging: a
/// section may be spread over files, an entry of a section may not; `version` may be repeated.
/// Bounds: limits::kConfigBytes a file, kConfigFiles, kConfigIncludeDepth.
/// Problems are reported; the tree is what could be read, nothing when the first file could not.
std::optional<Node> load_document(const std::string& path, Sources& sources, const Environment& environment,
                                  Problems& problems);

/// The same for text that is not in a file. `name` is what messages call it; relative paths start at
/// `folder`.
std::optional<Node> load_text(const std::string& name, const std::string& folder, std::string_view text,
                              Sources& sources, const Environment& environment, Problems& problems);

}  // namespace troupe::config
