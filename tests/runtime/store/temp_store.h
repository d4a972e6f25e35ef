#pragma once

#include "tests/fakes/temp_dir.h"

#include <string>

namespace troupe::store {

/// Room for one store: its directory does not exist yet. Removed with it.
class TempStore {
 public:
  std::string root() const { return dir_.path().string(); }
  std::string directory() const { return root() + "/store"; }
  std::string file() const { return directory() + "/journal.db"; }

 private:
  fakes::TempDir dir_;
};

}  // namespace troupe::store
