#pragma once

#include "agents/compaction/plan.h"
#include "runtime/base/result.h"
#include "runtime/store/audit_reader.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// Finds the runs of a store that may be compacted. A run goes with all of its team: when the run that
/// somebody asked for has ended long ago, was not quarantined, since `troupe runs resume` takes that up
/// again, and no run of the conversation is at work or waits. Forks are not asked about: they have copies.
/// Reads beside whoever writes; blocking, one thread.
class CompactionSearch {
 public:
  /// `reader` outlives it.
  explicit CompactionSearch(store::AuditReader& reader) : reader_(reader) {}

  struct Page {
    std::vector<std::int64_t> runs;  ///< numbers of those of which something is to go
    std::int64_t last = 0;           ///< how far was looked; 0: there is no more
  };
  /// Of the next kSearchPage runs behind number `after`, those whose team ended before `before_ms`. Errors:
  /// store.
  Result<Page> next(std::int64_t after, std::int64_t before_ms);

  /// How a run of a page goes, as it is now. Nothing: it was forgotten meanwhile, or is too long to be looked
  /// at. Errors: store.
  Result<std::optional<CompactionPlan>> plan(std::int64_t run, std::int64_t wall_ms);

 private:
  Result<bool> is_due(const store::AuditReader::EndedRun& run, std::int64_t before_ms);
  Result<bool> has_what_goes(const store::AuditReader::EndedRun& run);
  Result<bool> is_recalled(std::int64_t session);

  store::AuditReader& reader_;
  std::map<std::string, bool> recalls_;  // by the hash of a configuration
};

inline constexpr std::size_t kSearchPage = 200;

}  // namespace troupe::agents
