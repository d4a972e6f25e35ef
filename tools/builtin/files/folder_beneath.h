#pragma once

#include "runtime/base/result.h"
#include "runtime/sandbox/descriptor.h"

#include <string>
#include <string_view>

namespace troupe::tools {

/// One folder and what lies below it, for paths that a model writes. The kernel resolves them in one step
/// (openat2(2): RESOLVE_BENEATH, RESOLVE_NO_MAGICLINKS), so neither `..` nor a link leads out, and nobody who
/// swaps a folder for a link meanwhile wins. Only regular files are opened: no pipe, socket or device.
/// Blocking; any thread. Errors speak to the model: invalid (a path that leads out, what is no file),
/// not_found, denied, conflict (a file where a folder is to be), store (the disk), unavailable (a kernel
/// before 5.6).
class FolderBeneath {
 public:
  static Result<FolderBeneath> open(const std::string& root);

  /// A path as it is used: relative, without `.` parts; "" is the folder itself. Error: invalid.
  static Result<std::string> plain(std::string_view path);

  /// `path` as plain() gives it.
  Result<sandbox::Descriptor> file(const std::string& path) const;
  Result<sandbox::Descriptor> folder(const std::string& path) const;
  /// Puts a file in its place, whole or not at all; folders on the way are made. `before`: the bytes that
  /// were there, -1 when the file is new. Its mode stays.
  Result<> put(const std::string& path, std::string_view bytes, long long& before) const;

 private:
  explicit FolderBeneath(sandbox::Descriptor root) : root_(std::move(root)) {}
  Result<sandbox::Descriptor> folder_for(const std::string& path) const;
  sandbox::Descriptor root_;
};

/// A folder's subfolder that is no link; fails like openat(2).
sandbox::Descriptor subfolder(int folder, const char* name);

}  // namespace troupe::tools
