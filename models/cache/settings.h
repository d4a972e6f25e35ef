#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace troupe::models {

/// `cache:` of an entry of `models:`.
struct CacheSettings {
  std::string type = "none";                        ///< none | memory | sqlite
  std::chrono::milliseconds ttl{24 * 3600 * 1000};  ///< how long a reply is given again
  std::size_t size = 256u << 20;                    ///< of all replies of this type
};

}  // namespace troupe::models
