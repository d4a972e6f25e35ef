#pragma once

#include <string>

namespace troupe::tools {

/// What is wrong with the settings of a tool, and where: "query.limit", "" for the whole section.
struct SettingsProblem {
  std::string field;
  std::string text;
};

}  // namespace troupe::tools
