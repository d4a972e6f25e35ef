#pragma once

#include "runtime/base/result.h"
#include "runtime/sandbox/descriptor.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::tools {

/// An empty folder for one call of confined code, removed afterwards with all that was put into it. Blocking;
/// any thread, one at a time.
class WorkFolder {
 public:
  /// Below `parent`, for nobody but whom a confined program runs as. Errors: store, naming what failed.
  static Result<WorkFolder> make(const std::string& parent);
  WorkFolder(WorkFolder&&) noexcept = default;
  WorkFolder& operator=(WorkFolder&&) = delete;
  /// As remove().
  ~WorkFolder() { remove(); }

  const std::string& path() const { return path_; }

  /// Removes it, whatever its folders' modes and however deep they are; follows no link. Nobody else may work
  /// in it any more. Nothing happens the second time.
  void remove();

  /// Removes the folders below `parent` that daemons left which were killed: a folder that is used is locked.
  /// One that was changed less than `age` ago is left alone: who makes it may not have locked it yet.
  static void sweep(const std::string& parent, std::chrono::seconds age = std::chrono::minutes(1));

 private:
  WorkFolder(std::string path, sandbox::Descriptor folder)
      : path_(std::move(path)), folder_(std::move(folder)) {}
  std::string path_;
  sandbox::Descriptor folder_;  // locked (flock(2)) as long as it is open
};

/// What a working folder holds.
struct FolderUse {
  std::uint64_t bytes = 0;  ///< on the disk
  std::size_t entries = 0;
  bool hidden = false;  ///< a folder in it cannot be looked into, by its mode or its depth
  bool operator==(const FolderUse&) const = default;
};

/// Counts, also while somebody changes it, and stops once it is beyond `bytes_most` or `entries_most`. What
/// was deleted and is still open is not seen. A folder that is gone is empty. Blocking; any thread.
FolderUse use_of(const std::string& folder, std::uint64_t bytes_most, std::size_t entries_most);

}  // namespace troupe::tools
