#include "runtime/sandbox/task_count.h"

#include <cctype>
#include <filesystem>
#include <string>
#include <sys/stat.h>

namespace troupe::sandbox {
namespace {

constexpr nlink_t kLinksOfEmptyFolder = 2;

}  // namespace

std::size_t count_tasks(uid_t user) {
  std::size_t count = 0;
  std::error_code failed;
  for (std::filesystem::directory_iterator entry("/proc", failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const std::string path = entry->path();
    if (!std::isdigit(static_cast<unsigned char>(path[sizeof "/proc/" - 1]))) continue;
    struct stat tasks{};  // each task is a folder in it
    if (::stat((path + "/task").c_str(), &tasks) == 0 && tasks.st_uid == user)
      count += tasks.st_nlink - kLinksOfEmptyFolder;
  }
  return count;
}

}  // namespace troupe::sandbox
