#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe::memory::loaders {

/// A line of source code that defines something.
struct Definition {
  int level = 1;     ///< 2: in a class
  std::string text;  ///< the line without what opens its body
};

/// Whether `line` defines a function, a type or a module, by simple rules about its first words. `language`
/// is one of language_of_path. Nothing in languages that define nothing this way.
std::optional<Definition> definition_in(std::string_view line, std::string_view language);

}  // namespace troupe::memory::loaders
