#include "app/library_copy.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace troupe::app {

namespace fs = std::filesystem;

namespace {

/// The first folder on the way that not everybody may enter; "" when there is none.
std::string shut_folder(const fs::path& folder) {
  for (fs::path at = folder;; at = at.parent_path()) {
    struct stat found{};
    if (::stat(at.c_str(), &found) != 0 || !(found.st_mode & S_IXOTH)) return at.string();
    if (at == at.root_path()) return "";
  }
}

}  // namespace

LibraryCopy::LibraryCopy(std::string original, std::string folder, std::string path)
    : original_(std::move(original)), folder_(std::move(folder)), path_(std::move(path)) {}

LibraryCopy::LibraryCopy(LibraryCopy&& other) noexcept
    : original_(other.original_), folder_(std::exchange(other.folder_, "")), path_(other.path_) {}

LibraryCopy::~LibraryCopy() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

Result<LibraryCopy> LibraryCopy::make(const fs::path& library) {
  if (::geteuid() != 0) return LibraryCopy(library.string(), "", library.string());
  std::error_code failed;
  const fs::path place = fs::temp_directory_path(failed);
  if (failed) return fail(ErrorCode::store, fmt::format("{}: {}", place.string(), failed.message()));
  if (const std::string shut = shut_folder(fs::absolute(place)); !shut.empty())
    return fail(
        ErrorCode::denied,
        fmt::format("what runs the library is nobody, who cannot enter {}: a copy of the library would be "
                    "there; set TMPDIR to a folder that everybody may enter, such as /tmp",
                    shut));
  std::string folder = (place / "troupe-library-XXXXXX").string();
  if (!::mkdtemp(folder.data()))
    return fail(ErrorCode::store, fmt::format("{}: {}", folder, std::strerror(errno)));
  LibraryCopy copy(library.string(), folder, (fs::path(folder) / library.filename()).string());
  fs::copy_file(library, copy.path(), failed);
  if (!failed) fs::permissions(copy.path(), fs::perms(0555), failed);
  if (!failed) fs::permissions(folder, fs::perms(0711), failed);
  if (failed)
    return fail(ErrorCode::store, fmt::format("copying {} to {}, where nobody can read it: {}",
                                              library.string(), copy.path(), failed.message()));
  return copy;
}

std::string LibraryCopy::of_original(std::string text) const {
  if (path_ == original_) return text;
  for (std::size_t at = text.find(path_); at != std::string::npos;
       at = text.find(path_, at + original_.size()))
    text.replace(at, path_.size(), original_);
  return text;
}

}  // namespace troupe::app
