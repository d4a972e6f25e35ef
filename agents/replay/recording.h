#pragma once

#include "runtime/base/result.h"
#include "runtime/store/store_reader.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// Reason of runs that a start set aside.
inline constexpr std::string_view kQuarantined = "quarantined";

/// What a store has of a run that somebody asked for: it, the runs of the team below it, and every line of
/// theirs in the order of their commits. That a start set a run aside is not among them: nothing of the run
/// led to it.
struct Recording {
  std::vector<store::RunRow> runs;  ///< the one that was asked for first; each after the one that caused it
  std::vector<store::LogLine> lines;
  store::SessionRow session;
  std::int64_t began_seq = 0;  ///< of its run.started; 0: it never began
  /// How many of the lines it was given before anything of it happened here: what a fork copied, and its
  /// run.queued among them. 0: it is no fork.
  std::size_t given = 0;
  std::string instance;  ///< of the store

  const store::RunRow& root() const { return runs.front(); }
  /// It came to an end by itself.
  bool whole() const { return root().finished() && root().reason != kQuarantined; }
  /// nullptr: it is none of them.
  const store::RunRow* find(const std::string& run) const;
  /// What happened here.
  std::span<const store::LogLine> lived() const { return std::span(lines).subspan(given); }
};

/// Reads the run with this id, or the only one whose id begins so. Blocking. Errors: those of
/// StoreReader::run() and run_log(); invalid (a member of a team: it is replayed with its team).
Result<Recording> read_recording(store::StoreReader& reader, const std::string& run);

}  // namespace troupe::agents
