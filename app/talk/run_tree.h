#pragma once

#include "runtime/base/json.h"

#include <set>
#include <string>

namespace troupe::app {

/// A run and those of the team below it, as their events come.
class RunTree {
 public:
  explicit RunTree(std::string root) : root_(std::move(root)), runs_{root_} {}

  const std::string& root() const { return root_; }
  /// Whether an event is of the run itself.
  bool is_root(const Json& event) const { return string_or(event, "run") == root_; }
  /// Whether it is of one of them. A run that begins below one of them is one from then on.
  bool takes(const Json& event) {
    const std::string run = string_or(event, "run");
    if (runs_.contains(run)) return true;
    if (!runs_.contains(string_or(event, "parent"))) return false;
    runs_.insert(run);
    return true;
  }

 private:
  const std::string root_;
  std::set<std::string> runs_;
};

}  // namespace troupe::app
