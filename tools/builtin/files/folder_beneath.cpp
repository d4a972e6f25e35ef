#include "tools/builtin/files/folder_beneath.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <optional>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

using sandbox::Descriptor;

constexpr std::size_t kPathBytes = 4'096;
constexpr std::size_t kNameBytes = 255;
constexpr mode_t kFileMode = 0644, kFolderMode = 0755, kPermissions = 0777;

Descriptor open_beneath(int folder, const char* path, int flags, mode_t mode = 0) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return Descriptor(static_cast<int>(::syscall(SYS_openat2, folder, path, &how, sizeof how)));
}

Error failed(const std::string& path, const char* what, int error) {
  const std::string shown = path.empty() ? "." : path;
  switch (error) {
    case ENOENT:
      return {ErrorCode::not_found,
              fmt::format("there is no `{}`; list the folder to see what there is", shown)};
    case EXDEV:
    case ELOOP:
      return {
          ErrorCode::invalid,
          fmt::format("`{}` leads out of the folder that this tool works in, or is a link that does", shown)};
    case ENOTDIR:
      return {ErrorCode::invalid, fmt::format("a part of `{}` is a file and no folder", shown)};
    case EISDIR:
      return {ErrorCode::invalid, fmt::format("`{}` is a folder", shown)};
    case EACCES:
    case EPERM:
      return {ErrorCode::denied, fmt::format("`{}`: this process may not {}", shown, what)};
    case ENAMETOOLONG:
      return {ErrorCode::invalid, fmt::format("`{}`: the name is too long", shown.substr(0, 100))};
    case ENOSYS:
      return {ErrorCode::unavailable, "this kernel cannot keep paths below a folder (openat2, Linux 5.6)"};
    default:
      return {ErrorCode::store,
              fmt::format("`{}`: cannot {}: {}", shown, what, std::generic_category().message(error))};
  }
}

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  return parts;
}

Result<> write_all(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(file, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return fail(failed(path, "write it", errno));
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (::fsync(file) != 0) return fail(failed(path, "write it to the disk", errno));
  return {};
}

/// What stands where a file is to be put: nothing, or a regular file.
Result<std::optional<struct stat>> standing(int folder, const std::string& name, const std::string& path) {
  struct stat there{};
  if (::fstatat(folder, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    return fail(failed(path, "look at it", errno));
  }
  if (S_ISDIR(there.st_mode)) return fail(failed(path, "write it", EISDIR));
  if (!S_ISREG(there.st_mode))
    return fail(ErrorCode::invalid, fmt::format("`{}` is a link or no file, and is not written over", path));
  return there;
}

}  // namespace

Result<FolderBeneath> FolderBeneath::open(const std::string& root) {
  Descriptor folder(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) return FolderBeneath(std::move(folder));
  return fail(ErrorCode::store, fmt::format("the folder of this tool cannot be opened: {}",
                                            std::generic_category().message(errno)));
}

Result<std::string> FolderBeneath::plain(std::string_view path) {
  if (path.find('\0') != path.npos || path.size() > kPathBytes)
    return fail(ErrorCode::invalid, "the path is too long, or holds a zero byte");
  if (path.starts_with('/'))
    return fail(ErrorCode::invalid,
                fmt::format("`{}` is absolute; paths begin in the folder that this tool works in", path));
  std::string made;
  for (const std::string& part : parts_of(path)) {
    if (part == "..")
      return fail(ErrorCode::invalid, fmt::format("`{}` has `..`, which leads out of folders; write the path "
                                                  "from the folder that this tool works in",
                                                  path));
    made += (made.empty() ? "" : "/") + part;
  }
  return made;
}

Result<Descriptor> FolderBeneath::file(const std::string& path) const {
  // A pipe without a writer would be waited for.
  Descriptor file =
      open_beneath(root_.get(), path.empty() ? "." : path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (file.get() < 0) return fail(failed(path, "read it", errno));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return fail(failed(path, "look at it", errno));
  if (S_ISDIR(status.st_mode)) return fail(failed(path, "read it", EISDIR));
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::invalid, fmt::format("`{}` is no regular file", path));
  return file;
}

Result<Descriptor> FolderBeneath::folder(const std::string& path) const {
  Descriptor folder = open_beneath(root_.get(), path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY);
  if (folder.get() < 0) return fail(failed(path, "open it", errno));
  return folder;
}

// One part after the other, each opened before the next is made.
Result<Descriptor> FolderBeneath::folder_for(const std::string& path) const {
  Descriptor at(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
  std::vector<std::string> parts = parts_of(path);
  if (!parts.empty()) parts.pop_back();
  std::string way;
  for (const std::string& part : parts) {
    way += (way.empty() ? "" : "/") + part;
    if (::mkdirat(at.get(), part.c_str(), kFolderMode) != 0 && errno != EEXIST)
      return fail(failed(way, "make the folder", errno));
    // Links are followed as long as they stay below, so from the root each time.
    Descriptor next = open_beneath(root_.get(), way.c_str(), O_RDONLY | O_DIRECTORY);
    if (next.get() < 0) return fail(failed(way, "open the folder", errno));
    at = std::move(next);
  }
  return at;
}

Result<> FolderBeneath::put(const std::string& path, std::string_view bytes, long long& before) const {
  if (path.empty()) return fail(failed(path, "write it", EISDIR));
  const std::string name = path.substr(path.rfind('/') + 1);
  if (name.size() > kNameBytes) return fail(failed(path, "write it", ENAMETOOLONG));
  auto folder = folder_for(path);
  if (!folder) return fail(std::move(folder.error()));
  auto there = standing(folder->get(), name, path);
  if (!there) return fail(std::move(there.error()));
  before = *there ? static_cast<long long>((*there)->st_size) : -1;

  static std::atomic<unsigned> number{0};
  const std::string fresh = fmt::format(".troupe-{}-{}", ::getpid(), ++number);
  const Descriptor out = open_beneath(folder->get(), fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL, kFileMode);
  if (out.get() < 0) return fail(failed(path, "write it", errno));
  Result<> written = write_all(out.get(), bytes, path);
  if (written && *there) (void)::fchmod(out.get(), (*there)->st_mode & kPermissions);
  if (written && ::renameat(folder->get(), fresh.c_str(), folder->get(), name.c_str()) != 0)
    written = fail(failed(path, "put it in its place", errno));
  if (!written) ::unlinkat(folder->get(), fresh.c_str(), 0);
  return written;
}

Descriptor subfolder(int folder, const char* name) {
  return Descriptor(::openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

}  // namespace troupe::tools
