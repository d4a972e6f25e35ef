#pragma once

#include "tests/fakes/temp_dir.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace troupe::memory::testing {

namespace fs = std::filesystem;

/// A folder of sources whose files are old enough for their times to be believed.
class Folder {
 public:
  std::string path(const std::string& name = "") const {
    const std::string root = fs::canonical(dir_.path()).string();
    return name.empty() ? root : root + "/" + name;
  }

  /// Writes a file; each further time it is written, its time is a second later.
  std::string write(const std::string& name, const std::string& text) {
    const fs::path file = path(name);
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    age(file);
    return file.string();
  }
  void age(const fs::path& file) {
    fs::last_write_time(
        file, fs::file_time_type::clock::now() - std::chrono::hours(1) + std::chrono::seconds(++written_));
  }
  void link(const std::string& target, const std::string& name) const {
    fs::create_directories(fs::path(path(name)).parent_path());
    fs::create_symlink(target, path(name));
  }

 private:
  fakes::TempDir dir_;
  int written_ = 0;
};

}  // namespace troupe::memory::testing
