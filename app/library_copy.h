#pragma once

#include "runtime/base/result.h"

#include <filesystem>
#include <string>

namespace troupe::app {

/// A library where its worker can read it, under its own file name. Root's workers are nobody, who need not
/// get to where it was built: they have a copy, which goes with this object. Others have the library itself.
class LibraryCopy {
 public:
  /// Errors: store; denied (nobody cannot get to the folder for temporary files either).
  static Result<LibraryCopy> make(const std::filesystem::path& library);
  LibraryCopy(LibraryCopy&& other) noexcept;
  LibraryCopy& operator=(LibraryCopy&&) = delete;
  ~LibraryCopy();

  const std::string& path() const { return path_; }
  /// A text about the copy as one about the library.
  std::string of_original(std::string text) const;

 private:
  LibraryCopy(std::string original, std::string folder, std::string path);

  const std::string original_;
  std::string folder_;  ///< that is removed; "" = none
  const std::string path_;
};

}  // namespace troupe::app
