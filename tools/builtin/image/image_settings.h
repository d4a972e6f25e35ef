#pragma once

#include "runtime/base/json.h"

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::tools {

/// What a tool of type `image` asks its service for, and lets the model ask for.
struct ImageSettings {
  std::string model;                          ///< "": the service's own choice
  std::vector<std::string> sizes;             ///< that the model may choose from, the first is meant where it
                                              ///< names none; none: the service's own choice
  std::size_t most = 1;                       ///< pictures of one call
  std::size_t bytes = std::size_t{16} << 20;  ///< of one picture
  Json parameters = Json::object();           ///< further members of the request
};

}  // namespace troupe::tools
