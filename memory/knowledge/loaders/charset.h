#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory::loaders {

/// An encoding that texts are read as.
struct Charset {
  std::string_view name;       ///< of the WHATWG Encoding Standard
  std::string_view converter;  ///< ICU's name of what browsers read it with
};

/// By a label as HTML, HTTP and ICU's detector use them, in any case; nullptr: unknown.
const Charset* charset_labelled(std::string_view label);

/// What `sample` may be, the most likely first, by ICU's detector; may be empty.
std::vector<const Charset*> likely_charsets(std::string_view sample);

/// Appends `bytes`, read as `charset`, as UTF-8. Returns how many places were no character.
std::size_t convert(std::string_view bytes, const Charset& charset, std::string& out);

}  // namespace troupe::memory::loaders
