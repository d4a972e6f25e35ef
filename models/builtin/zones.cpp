#include "models/builtin/zones.h"

#include "models/builtin/utf8.h"

#include <fstream>
#include <sstream>

namespace troupe::models::builtin {

Zones Zones::of_this_machine() {
  std::vector<std::string> names;
  // Three columns separated by tabs: countries, coordinates, zone name. Lines with # are comments.
  for (const char* path : {"/usr/share/zoneinfo/zone1970.tab", "/usr/share/zoneinfo/zone.tab"}) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line) && names.size() < 2000;) {
      if (line.starts_with('#')) continue;
      std::istringstream columns(line);
      std::string countries, coordinates, name;
      if (columns >> countries >> coordinates >> name) names.push_back(std::move(name));
    }
  }
  return Zones(std::move(names));
}

std::string Zones::find(std::string_view place) const {
  std::string wanted = lower(trim(place));
  for (char& c : wanted)
    if (c == ' ') c = '_';
  if (wanted.empty()) return {};
  if (wanted == "utc" || wanted == "gmt") return "UTC";
  for (const std::string& name : names_) {
    std::string low = lower(name);
    if (low == wanted ||
        (low.size() > wanted.size() && low.ends_with(wanted) && low[low.size() - wanted.size() - 1] == '/'))
      return name;
  }
  return {};
}

}  // namespace troupe::models::builtin
