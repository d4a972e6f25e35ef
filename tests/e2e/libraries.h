#pragma once

#include "tests/fakes/temp_dir.h"

#include <filesystem>
#include <string>

namespace troupe::e2e {

/// Libraries where a daemon that is root, whose workers are nobody, may load them.
class Libraries {
 public:
  Libraries() { std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755)); }
  /// Puts one there in one step, as whoever replaces a library should.
  std::string put(const std::string& library, const std::string& name) {
    namespace fs = std::filesystem;
    const fs::path fresh = folder_.path() / "fresh";
    fs::copy_file(library, fresh, fs::copy_options::overwrite_existing);
    fs::permissions(fresh, fs::perms(0755));
    fs::rename(fresh, folder_.path() / name);
    return (folder_.path() / name).string();
  }
  std::string path() const { return folder_.path().string(); }

 private:
  fakes::TempDir folder_;
};

}  // namespace troupe::e2e
