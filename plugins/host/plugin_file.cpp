#include "plugins/host/plugin_file.h"

#include "runtime/base/sha256.h"
#include "runtime/sandbox/descriptor.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::hours kCopiesKept{365 * 24};  // that no start or reload used
constexpr std::size_t kHashDigits = 64;

bool trusted_owner(uid_t owner) {
  return owner == 0 || owner == ::geteuid();
}

/// Whether others than its owner, who is root or this process's user, may change it: in words, with what to
/// do.
std::string unsafe(const struct stat& found, bool folder) {
  const auto told = [](const std::string& who, const std::string& remedy) {
    return fmt::format("{}: who can change it could run code as the daemon; {}", who, remedy);
  };
  if (!trusted_owner(found.st_uid)) {
    const uid_t own = ::geteuid();
    return told(fmt::format("belongs to another user ({})", found.st_uid),
                own == 0 ? "chown root it, which is the daemon's user"
                         : fmt::format("chown it to the daemon's user ({}) or to root", own));
  }
  const char* const remedy = "chmod go-w it";
  // In a folder with the sticky bit others may make files, but not replace ours.
  const bool sticky = folder && (found.st_mode & S_ISVTX);
  if ((found.st_mode & S_IWOTH) && !sticky) return told("may be changed by anybody", remedy);
  if ((found.st_mode & S_IWGRP) && found.st_gid != 0 && !sticky)
    return told("may be changed by its group", remedy);
  return "";
}

// "libweather-HASH.so", with what tells variants apart before the ending.
bool is_copy(const std::string& name) {
  const std::size_t dash = name.rfind('-');
  return dash != std::string::npos && name.ends_with(".so") && name.size() - dash > kHashDigits;
}

// A copy is touched by each start and reload that uses it.
void forget_old_copies(const fs::path& folder) {
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const auto written = entry.last_write_time(failed);
    if (!failed && is_copy(entry.path().filename().string()) &&
        written < fs::file_time_type::clock::now() - kCopiesKept)
      fs::remove(entry.path(), failed);
  }
}

/// A folder that only its owner, who is this process's user, may change; made with `mode` if absent.
Result<> make_folder(const fs::path& folder, mode_t mode) {
  if (::mkdir(folder.c_str(), 0700) == 0 && ::chmod(folder.c_str(), mode) == 0) return {};
  struct stat found{};
  if (::lstat(folder.c_str(), &found) != 0)
    return fail(ErrorCode::store, fmt::format("{}: {}", folder.string(), std::strerror(errno)));
  if (!S_ISDIR(found.st_mode) || found.st_uid != ::geteuid() || (found.st_mode & (S_IWGRP | S_IWOTH)))
    return fail(ErrorCode::denied,
                fmt::format("{}, where copies of plugins are kept, must be a folder that only "
                            "the daemon's user may change",
                            folder.string()));
  if ((found.st_mode & mode) != mode)
    return fail(
        ErrorCode::denied,
        fmt::format("{}, where copies of plugins are kept, cannot be entered by the users that run them; "
                    "chmod {:o} it",
                    folder.string(), static_cast<unsigned>(mode)));
  return {};
}

// The loader takes two files of one content for two libraries, so that each configuration of one that runs in
// the daemon has its own.
std::string variant_of(const PluginSettings& settings) {
  if (settings.isolation != "none") return "";
  return "-" + sha256_hex(dump(Json{settings.config, settings.secrets})).substr(0, 8);
}

Result<> write_copy(const fs::path& copy, const std::string& bytes) {
  const auto failed = [](const std::string& name) {
    return fail(ErrorCode::store, fmt::format("{}: {}", name, std::strerror(errno)));
  };
  std::string name = copy.string() + ".XXXXXX";
  const sandbox::Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.open()) return failed(name);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(file.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  // Root's workers are nobody, and a library is no secret.
  if (done == bytes.size() && ::fsync(file.get()) == 0 && ::fchmod(file.get(), 0555) == 0 &&
      std::rename(name.c_str(), copy.c_str()) == 0)
    return {};
  auto error = failed(name);
  std::remove(name.c_str());
  return error;
}

}  // namespace

Result<> check_trusted_folder(const std::string& folder) {
  struct stat found{};
  if (::stat(folder.c_str(), &found) != 0)
    return fail(ErrorCode::store, fmt::format("{}: {}", folder, std::strerror(errno)));
  const std::string why = unsafe(found, true);
  if (why.empty()) return {};
  return fail(ErrorCode::denied, fmt::format("the folder {} {}", folder, why));
}

Result<std::string> read_trusted_file(const std::string& path, std::size_t bytes_max) {
  const sandbox::Descriptor file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // no pipe is waited for
  if (!file.open())
    return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::store,
                fmt::format("{}: {}", path, std::strerror(errno)));
  struct stat found{};
  if (::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode))
    return fail(ErrorCode::invalid, fmt::format("{} is no file", path));
  if (const std::string why = unsafe(found, false); !why.empty())
    return fail(ErrorCode::denied, fmt::format("{} {}", path, why));
  if (static_cast<std::uint64_t>(found.st_size) > bytes_max)
    return fail(ErrorCode::too_large,
                fmt::format("{} has {} bytes, at most {} are read", path, found.st_size, bytes_max));
  std::string bytes(static_cast<std::size_t>(found.st_size), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      return fail(ErrorCode::store, fmt::format("{} could not be read, or changed meanwhile", path));
    done += static_cast<std::size_t>(n);
  }
  return bytes;
}

// A daemon that is root has workers that are nobody, who must get through; for others the folder is their
// own.
Result<> PluginFolder::make_folders() const {
  const mode_t mode = ::geteuid() == 0 ? 0711 : 0700;
  const fs::path path(path_);
  std::error_code failed;
  fs::create_directories(path.parent_path().parent_path(), failed);  // what fails is told by the next
  if (auto made = make_folder(path.parent_path(), mode); !made) return made;
  return make_folder(path, mode);
}

Result<PluginFile> PluginFolder::take(const PluginSettings& settings) const {
  const fs::path path(settings.path);
  if (auto safe = check_trusted_folder(path.parent_path().string()); !safe)
    return fail(std::move(safe.error()));
  auto bytes = read_trusted_file(settings.path, kLibraryBytes);
  if (!bytes) return fail(std::move(bytes.error()));
  PluginFile file{.sha256 = sha256_hex(*bytes)};
  if (!settings.sha256.empty() && settings.sha256 != file.sha256)
    return fail(ErrorCode::denied, fmt::format("{} is not the library that is allowed: its SHA-256 is {}, "
                                               "`sha256` says {}",
                                               settings.path, file.sha256, settings.sha256));
  if (auto made = make_folders(); !made) return fail(std::move(made.error()));
  const fs::path copy =
      fs::path(path_) / fmt::format("{}{}-{}.so", path.stem().string(), variant_of(settings), file.sha256);
  std::error_code failed;
  const auto kept = fs::exists(copy, failed) ? read_trusted_file(copy.string(), kLibraryBytes)
                                             : fail(ErrorCode::not_found, "");
  if (kept && sha256_hex(*kept) == file.sha256) {
    fs::last_write_time(copy, fs::file_time_type::clock::now(), failed);
  } else {
    if (auto written = write_copy(copy, *bytes); !written) return fail(std::move(written.error()));
    forget_old_copies(path_);
  }
  file.path = copy.string();
  return file;
}

}  // namespace troupe::plugins
