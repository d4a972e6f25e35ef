#pragma once

#include "runtime/base/json.h"
#include "tests/fakes/fixtures.h"

#include <sstream>
#include <string>
#include <vector>

namespace troupe::memory::testing {

/// The lines of a fixture below evaluation/.
inline std::vector<Json> fixture_lines(const std::string& name) {
  std::istringstream text(fakes::read_fixture("evaluation/" + name));
  std::vector<Json> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  return lines;
}

}  // namespace troupe::memory::testing
