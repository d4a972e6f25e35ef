#include "tools/builtin/files/file_walk.h"

#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace troupe::tools::files {

namespace {

constexpr std::size_t kLookedAt = 100'000;  // entries of one walk

struct Walk {
  const std::function<bool(const Met&)>& show;
  std::size_t left = kLookedAt;
  bool complete = true;

  std::vector<std::string> names(int folder) {
    std::vector<std::string> found;
    // The stream owns its descriptor.
    const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(copy >= 0 ? ::fdopendir(copy) : nullptr, ::closedir);
    if (!stream && copy >= 0) ::close(copy);
    while (const dirent* entry = stream ? ::readdir(stream.get()) : nullptr) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (left == 0) {
        complete = false;
        break;
      }
      --left;
      found.push_back(name);
    }
    std::ranges::sort(found);
    return found;
  }

  bool through(int folder, const std::string& path, int depth) {
    for (const std::string& name : names(folder)) {
      struct stat status{};
      if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      const Met met{.path = path.empty() ? name : path + "/" + name,
                    .name = name,
                    .kind = S_ISREG(status.st_mode)   ? Met::Kind::file
                            : S_ISDIR(status.st_mode) ? Met::Kind::folder
                            : S_ISLNK(status.st_mode) ? Met::Kind::link
                                                      : Met::Kind::other,
                    .bytes = status.st_size,
                    .folder = folder};
      if (!show(met)) return false;
      if (met.kind != Met::Kind::folder || depth <= 1) continue;
      const sandbox::Descriptor below = subfolder(folder, name.c_str());
      if (below.get() >= 0 && !through(below.get(), met.path, depth - 1)) return false;
    }
    return true;
  }
};

}  // namespace

bool walk(const sandbox::Descriptor& folder, const std::string& path, int depth,
          const std::function<bool(const Met&)>& show) {
  Walk walk{.show = show};
  (void)walk.through(folder.get(), path, depth);
  return walk.complete;
}

}  // namespace troupe::tools::files
