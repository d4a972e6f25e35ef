#pragma once

#include "runtime/base/result.h"

#include <string>
#include <utility>

namespace troupe::store {

/// A file that one holder has at a time, among all processes: an advisory lock (flock(2)), which ends with
/// the holder, however that ends. The file stays.
class FileLock {
 public:
  /// Does not wait. Errors: busy (somebody has it), store (it cannot be opened).
  static Result<FileLock> acquire(const std::string& file);
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace troupe::store
