#include "runtime/store/directory.h"

#include "runtime/telemetry/log.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::store {

namespace {

std::unexpected<Error> failed(const std::string& what, const std::string& path, int error) {
  return fail(ErrorCode::store, fmt::format("{}: {}: {}", path, what, std::strerror(error)));
}

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

}  // namespace

Result<> prepare_directory(const std::string& directory) {
  if (directory.empty()) return fail(ErrorCode::store, "the store has no directory: set store.path");
  std::error_code error;
  const auto parent = std::filesystem::path(directory).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) return failed("cannot make the directory above the store", parent.string(), error.value());
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return failed("cannot make the store's directory", directory, errno);

  struct stat status{};
  if (::stat(directory.c_str(), &status) != 0)
    return failed("cannot look at the store's directory", directory, errno);
  if (!S_ISDIR(status.st_mode))
    return fail(ErrorCode::store, directory + ": this is not a directory; store.path must name one");
  if ((status.st_mode & kOthers) == 0) return {};
  if (::chmod(directory.c_str(), 0700) != 0)
    return failed("others may enter the store's directory, and it cannot be closed to them (chmod 0700)",
                  directory, errno);
  log::warn("the store's directory was open to others; it is 0700 now", {{"directory", directory}});
  return {};
}

Result<> prepare_file(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return failed("cannot open or make this file", file, errno);
  struct stat status{};
  int error = ::fstat(fd, &status) != 0 ? errno : 0;
  if (error == 0 && !S_ISREG(status.st_mode)) error = EINVAL;
  if (error == 0 && (status.st_mode & kOthers) != 0 && ::fchmod(fd, 0600) != 0) error = errno;
  ::close(fd);
  if (error != 0) return failed("cannot keep this file to its owner (0600)", file, error);
  if ((status.st_mode & kOthers) != 0)
    log::warn("a file of the store was open to others; it is 0600 now", {{"file", file}});
  return {};
}

}  // namespace troupe::store
