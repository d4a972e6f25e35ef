#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// "; did you mean `x`?" when one of `known` is close to `wanted` (Damerau-Levenshtein, at most a third of
/// its length), else "". To be appended to an error message.
std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& known);

/// The keys of a map, for messages.
template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

}  // namespace troupe
