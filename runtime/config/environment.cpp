#include "runtime/config/environment.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::config {

namespace {

// Closes on every way out.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> reason(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return fail(ErrorCode::not_found, "no such file");
    case EACCES:
    case EPERM:
      return fail(ErrorCode::denied, "permission denied");
    case EISDIR:
      return fail(ErrorCode::invalid, "is a directory");
    default:
      return fail(ErrorCode::store, std::strerror(error));
  }
}

}  // namespace

std::optional<std::string> ProcessEnvironment::variable(const std::string& name) const {
  const char* value = std::getenv(name.c_str());
  if (!value) return std::nullopt;
  return std::string(value);
}

Result<std::string> ProcessEnvironment::read_file(const std::string& path, std::size_t bytes_max) const {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) return reason(errno);
  struct stat status{};
  if (::fstat(file.get(), &status) == 0 && S_ISDIR(status.st_mode)) return reason(EISDIR);
  // Pipes and devices are read like files: `troupe check <(…)` is one, and the limit holds for all.
  std::string bytes;
  char chunk[1 << 14];
  for (;;) {
    ssize_t got = ::read(file.get(), chunk, sizeof chunk);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return reason(errno);
    if (got == 0) return bytes;
    bytes.append(chunk, static_cast<std::size_t>(got));
    if (bytes.size() > bytes_max)
      return fail(ErrorCode::too_large, fmt::format("larger than {} bytes", bytes_max));
  }
}

std::vector<std::string> ProcessEnvironment::glob(const std::string& pattern) const {
  glob_t found{};
  std::vector<std::string> paths;
  if (::glob(pattern.c_str(), GLOB_MARK, nullptr, &found) == 0)
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      std::string path = found.gl_pathv[i];
      if (!path.ends_with('/')) paths.push_back(std::move(path));
    }
  ::globfree(&found);
  return paths;
}

bool ProcessEnvironment::exists(const std::string& path) const {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

bool ProcessEnvironment::is_directory(const std::string& path) const {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

std::string ProcessEnvironment::working_directory() const {
  std::error_code ignored;
  return std::filesystem::current_path(ignored).string();
}

}  // namespace troupe::config
