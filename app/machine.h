#pragma once

#include "runtime/sandbox/support.h"

#include <optional>

namespace troupe::app {

/// What this machine confines code, plugins and readers of documents with: looked at once, when somebody
/// first asks, which takes some 20 ms. Loop thread only.
class Machine {
 public:
  const sandbox::Support& support() {
    if (!support_) support_ = sandbox::probe();
    return *support_;
  }

 private:
  std::optional<sandbox::Support> support_;
};

}  // namespace troupe::app
