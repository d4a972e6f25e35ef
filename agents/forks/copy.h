#pragma once

#include "agents/forks/history.h"
#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/store/journal.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// New ids for runs that are copied, and the same text with them. Ids are made so that they stand for nothing
/// else, wherever they are found.
class NewNames {
 public:
  NewNames(Rng& rng, std::int64_t wall_ms) : rng_(rng), wall_ms_(wall_ms) {}

  /// Whatever bears the id `old` bears this one. Once an id.
  const std::string& name(const std::string& old, std::string_view prefix);
  void keep(const std::string& old, std::string as) { names_.insert_or_assign(old, std::move(as)); }
  std::string in(std::string_view text) const;

 private:
  Rng& rng_;
  const std::int64_t wall_ms_;
  std::map<std::string, std::string, std::less<>> names_;
};

/// Field of events that were copied from another run: true.
inline constexpr const char* kCopied = "copied";

/// A copy of runs under new names, all in one append. `session`: whose they are from now on. The row of the
/// last tree's root stands in `run`, those of all others in `others`; events are in the order in which they
/// were journaled.
store::Append copy_of(std::vector<PastTree> trees, NewNames& names, const std::string& session);

/// The event anew, for another place in the journal.
Event event_of(const PastEvent& past);

}  // namespace troupe::agents
