#pragma once

#include "runtime/base/event.h"
#include "runtime/base/json.h"

#include <set>
#include <string>

namespace troupe::agents {

/// A run and those of the team below it, as their events come: from the first event of the run on, none left
/// out, or those of a team within the team may be missed.
class RunTree {
 public:
  explicit RunTree(std::string root) : root_(std::move(root)), runs_{root_} {}

  const std::string& root() const { return root_; }
  /// Whether an event is of the run itself.
  bool is_root(const Json& event) const { return string_or(event, "run") == root_; }

  /// Whether it is of one of them. A run that begins below one of them is one from then on.
  bool takes(const Json& event) { return takes(string_or(event, "run"), event); }
  bool takes(const Frame& frame) {
    if (runs_.contains(frame.run)) return true;
    if (frame.type != "run.started") return false;  // others of it have been taken by then
    const auto event = parse_json(*frame.text);
    return event && takes(frame.run, *event);
  }

 private:
  bool takes(const std::string& run, const Json& event) {
    if (runs_.contains(run)) return true;
    if (!runs_.contains(string_or(event, "parent"))) return false;
    runs_.insert(run);
    return true;
  }

  const std::string root_;
  std::set<std::string> runs_;
};

}  // namespace troupe::agents
