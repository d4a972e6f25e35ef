#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace troupe::store {

/// A fresh directory below the system's temporary one, removed at the end.
class TempStore {
 public:
  TempStore() {
    std::string path = (std::filesystem::temp_directory_path() / "troupe-store-XXXXXX").string();
    if (!mkdtemp(path.data())) throw std::runtime_error("cannot make a temporary directory");
    root_ = path;
  }
  ~TempStore() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  TempStore(const TempStore&) = delete;
  TempStore& operator=(const TempStore&) = delete;

  const std::string& root() const { return root_; }
  std::string directory() const { return root_ + "/store"; }
  std::string file() const { return directory() + "/journal.db"; }

 private:
  std::string root_;
};

}  // namespace troupe::store
