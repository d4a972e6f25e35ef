#pragma once

#include "runtime/base/fault.h"
#include "runtime/store/entry.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::store {

/// The fault points of what is on its way to the disk: `POINT` of the whole, and `POINT/KIND` for each event
/// and fact in it, so that a test can stop a daemon at exactly one boundary of a run:
/// `journal.commit/model.reply:2:exit137`. Reads nothing while no fault is armed. One thread.
class BatchFaults {
 public:
  void read(const Append& append);
  void read(const Batch& batch);
  /// Hits the point, then one for each kind in order; the first that is to pretend something decides what.
  Fault reach(std::string_view point) const;

 private:
  std::vector<std::string> kinds_;
};

}  // namespace troupe::store
