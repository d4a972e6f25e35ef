#pragma once

#include "agents/runs/resume_count.h"
#include "agents/runs/run_desk.h"
#include "agents/runs/run_target.h"
#include "runtime/async/task.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/base/secret.h"
#include "runtime/store/journal.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe::agents {

/// A run until it is at work.
struct StartingRun {
  store::RunRow row;
  std::unique_ptr<RunStart> begin;  ///< null: not yet, or at work already
  Secrets secrets;
  ResumeCount resumed;  ///< as its journal has it now
};

/// What a start finds unfinished in the journal, and what becomes of it: each run is counted on disk before
/// anything of it is folded, and one that must not or cannot go on is set aside. Loop thread only.
class Resumption {
 public:
  /// Both outlive it.
  Resumption(store::Journal& journal, const Clock& clock) : journal_(journal), clock_(clock) {}

  /// Reads what is unfinished, and the configurations it began under; `current` is today's. Returns the runs
  /// that nobody else takes up, oldest first: a team does it for those of its members. Errors: store.
  Task<Result<std::vector<store::RunRow>>> read(std::shared_ptr<const Catalog> current,
                                                CatalogFinder earlier);

  enum class Outcome {
    ready,      ///< `begin` is there
    probation,  ///< it was at work at too many ends to be beside others once more: prepare() it later
    accused,    ///< it was there at too many ends: judge() it when all others have been at work
    left,       ///< set aside, or left to a start that has its configuration; either is in the log
  };
  /// Looks at one of them. Errors: store (the disk; or nothing can be written).
  Task<Result<Outcome>> take_up(StartingRun& run);
  /// Set aside where it alone can have ended the daemon: left. Who was alone for its time and did not end it
  /// is not to blame where somebody else was alone at an end; and where several were, somebody outside ends
  /// it, so that each has more chances: probation.
  Task<Result<Outcome>> judge(StartingRun& run);
  /// The same as take_up() for one on probation whose turn has come: ready or left.
  Task<Result<Outcome>> prepare(StartingRun& run);
  /// On disk from here on: of those that are ready, who did nothing but wait for a person when the daemon
  /// ended. Taken up again they wait again, and an end that comes before they do is not held against them.
  /// Errors: store.
  Task<Result<>> settle();

 private:
  Task<Result<Outcome>> prepare(StartingRun& run, Result<std::vector<store::Fact>> facts);
  Task<Result<Outcome>> leave(const store::RunRow& row, Error why);
  Task<Result<>> count(StartingRun& run, bool raise);
  Task<Result<>> set_aside(const store::RunRow& row, std::string why);
  Result<std::shared_ptr<const RunTarget>> target_of(const store::RunRow& row) const;

  store::Journal& journal_;
  const Clock& clock_;
  std::map<std::string, Result<std::shared_ptr<const Catalog>>> generations_;  // by hash
  std::multimap<std::string, store::RunRow> below_;                            // unfinished, by parent
  store::Append waits_;
  int were_alone_ = 0;  // runs that the daemon ended with while they were on probation
  int stood_ = 0;       // runs that were on probation and had their time
};

}  // namespace troupe::agents
