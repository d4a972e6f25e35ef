#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/offload.h"
#include "runtime/async/task.h"
#include "runtime/base/result.h"

#include <string>

namespace troupe::store {

/// The one folder that answers and pictures may be written to. Loop thread; files are written on workers.
class Artifacts {
 public:
  /// `root`: made with the first file. `loop` and `workers` outlive it.
  Artifacts(Loop& loop, Workers& workers, std::string root)
      : loop_(loop), workers_(workers), root_(std::move(root)) {}
  virtual ~Artifacts() = default;

  const std::string& root() const { return root_; }

  /// Writes a file at a path below the folder, whole or not at all, in the place of what was there; folders
  /// on the way are made. Neither `..` nor a symbolic link leads out (openat2(2), RESOLVE_BENEATH). Errors:
  /// invalid (an empty or absolute path, one that leads out), store (the disk), each naming the path.
  virtual Task<Result<>> write(std::string path, std::string text);

 private:
  Loop& loop_;
  Workers& workers_;
  const std::string root_;
};

}  // namespace troupe::store
