#pragma once

#include <atomic>

/// A disk that fails and recovers on demand: SQLite's own calls of pwrite(2) and fdatasync(2), in this
/// process, while the object lives. Any thread.
namespace troupe::store {

class DiskFaults {
 public:
  DiskFaults();
  ~DiskFaults();
  DiskFaults(const DiskFaults&) = delete;
  DiskFaults& operator=(const DiskFaults&) = delete;

  /// From now on every write fails with this errno, halfway through; 0: writes work again.
  void fail_writes(int error);
  /// Writes that failed so far.
  int failed() const;
};

/// How often this process called fdatasync or fsync so far.
int syncs();

}  // namespace troupe::store
