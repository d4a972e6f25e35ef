#include "tools/builtin/code/work_folder.h"

#include "runtime/sandbox/child_stage.h"
#include "tools/builtin/files/folder_beneath.h"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <stdio.h>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

using sandbox::Descriptor;

constexpr std::string_view kPrefix = "troupe-code-";
constexpr std::size_t kPathBytes = 3'000;  // of a path below the folder that is still looked at
constexpr std::uint64_t kBlock = 512;      // the unit of st_blocks

std::vector<std::string> names_in(int folder, std::size_t most = SIZE_MAX) {
  std::vector<std::string> names;
  const int again = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> list(again < 0 ? nullptr : ::fdopendir(again), &::closedir);
  if (!list) {
    if (again >= 0) ::close(again);
    return names;
  }
  while (const dirent* entry = names.size() < most ? ::readdir(list.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

/// Takes everything out of a folder. What lies in a folder below is moved up before that is removed: so
/// neither paths nor open folders add up, however deep it goes.
class Emptying {
 public:
  explicit Emptying(int top) : top_(top) {}

  void run() {
    do {
      moved_ = false;
      for (const std::string& name : names_in(top_)) take(name);
    } while (moved_);
  }

 private:
  void take(const std::string& name) {
    if (::unlinkat(top_, name.c_str(), 0) == 0) return;  // links, too
    ::fchmodat(top_, name.c_str(), S_IRWXU, 0);
    const Descriptor folder = subfolder(top_, name.c_str());
    if (folder.open())
      for (const std::string& inner : names_in(folder.get())) lift(folder.get(), inner);
    ::unlinkat(top_, name.c_str(), AT_REMOVEDIR);
  }

  void lift(int folder, const std::string& name) {
    if (::unlinkat(folder, name.c_str(), 0) == 0) return;
    ::fchmodat(folder, name.c_str(), S_IRWXU, 0);  // a folder is only moved where it may be written to
    std::string fresh;
    do {
      fresh = fmt::format("{}", ++number_);
    } while (::faccessat(top_, fresh.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0);
    if (::renameat(folder, name.c_str(), top_, fresh.c_str()) == 0) moved_ = true;
  }

  const int top_;
  std::size_t number_ = 0;
  bool moved_ = false;
};

Result<WorkFolder> failed(const std::string& what) {
  return fail(ErrorCode::store, fmt::format("a folder for code to work in could not be made: {}: {}", what,
                                            std::generic_category().message(errno)));
}

}  // namespace

Result<WorkFolder> WorkFolder::make(const std::string& parent) {
  std::string path = fmt::format("{}/{}XXXXXX", parent, kPrefix);
  if (!::mkdtemp(path.data())) return failed(path);
  Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder.open()) return failed(path);
  WorkFolder made(path, std::move(folder));
  if (::flock(made.folder_.get(), LOCK_EX | LOCK_NB) != 0) return failed(path);
  if (::geteuid() == 0 && ::fchown(made.folder_.get(), sandbox::kNobody, sandbox::kNobody) != 0)
    return failed(path);
  return made;
}

void WorkFolder::remove() {
  if (!folder_.open()) return;
  ::fchmod(folder_.get(), S_IRWXU);
  Emptying(folder_.get()).run();
  ::rmdir(path_.c_str());
  folder_.reset();
}

void WorkFolder::sweep(const std::string& parent, std::chrono::seconds age) {
  const Descriptor above(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!above.open()) return;
  for (const std::string& name : names_in(above.get())) {
    if (!name.starts_with(kPrefix)) continue;
    Descriptor folder = subfolder(above.get(), name.c_str());
    struct stat about{};
    if (!folder.open() || ::fstat(folder.get(), &about) != 0) continue;
    const uid_t owner = ::geteuid() == 0 ? sandbox::kNobody : ::geteuid();
    if (about.st_mtim.tv_sec > ::time(nullptr) - age.count()) continue;
    if (about.st_uid == owner && ::flock(folder.get(), LOCK_EX | LOCK_NB) == 0)
      WorkFolder(fmt::format("{}/{}", parent, name), std::move(folder)).remove();
  }
}

FolderUse use_of(const std::string& folder, std::uint64_t bytes_most, std::size_t entries_most) {
  FolderUse use;
  const Descriptor top(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!top.open()) return use;
  std::vector<std::string> ahead{"."};
  while (!ahead.empty()) {
    const std::string path = std::move(ahead.back());
    ahead.pop_back();
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    const Descriptor at(static_cast<int>(::syscall(SYS_openat2, top.get(), path.c_str(), &how, sizeof how)));
    if (!at.open()) {
      use.hidden = use.hidden || errno == EACCES;
      continue;  // gone meanwhile
    }
    for (const std::string& name : names_in(at.get(), entries_most - use.entries + 1)) {
      struct stat about{};
      if (::fstatat(at.get(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
      ++use.entries;
      use.bytes += static_cast<std::uint64_t>(about.st_blocks) * kBlock;
      if (use.bytes > bytes_most || use.entries > entries_most) return use;
      if (!S_ISDIR(about.st_mode)) continue;
      if (path.size() + name.size() > kPathBytes)
        use.hidden = true;
      else
        ahead.push_back(path + "/" + name);
    }
  }
  return use;
}

}  // namespace troupe::tools
