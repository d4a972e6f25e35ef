#pragma once

#include "runtime/async/task.h"
#include "runtime/base/event.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// On disk before a run is taken up again.
inline constexpr std::string_view kTakenUpFact = "run.taken_up";
/// On disk when a run has come to wait for a person, and nothing else of it is at work: it did not end the
/// daemon.
inline constexpr std::string_view kWaitsFact = "run.waits";
/// On disk when a run that was taken up alone has been at work for its time: the end that comes after it may
/// be another's doing.
inline constexpr std::string_view kStoodFact = "run.stood";

/// How often a run was taken up after an end of the daemon that nobody asked for, without having come further
/// since. A run that ends its daemon comes back with a higher count each time.
struct ResumeCount {
  std::int64_t epoch = 0;  ///< of the journal, when it was taken up last; 0: never yet
  int times = 0;
  std::int64_t seq = 0;  ///< the session's last then
  bool stood = false;    ///< it was alone since, for its time, and the daemon did not end
};

/// Whether a fact or an event says that a run has come further: something was decided or came back. What was
/// only begun, and what is told beside (warnings, usage), says nothing.
bool is_progress(const store::Fact& fact);
bool is_progress(const Frame& event);

/// As the facts of a run have it; `times` is 0 where a later one says that it has come further. Errors:
/// store (a fact that does not parse). Pure.
Result<ResumeCount> resume_count(const std::vector<store::Fact>& facts);
/// The same held against the events of its session since, which tell of what came further below a team as
/// well: one run of a session is at work at a time. Errors: those of the journal.
Task<Result<ResumeCount>> hold_against(store::Journal& journal, std::string session, ResumeCount count);

store::Fact to_fact(const ResumeCount& count, const std::string& run);

/// Whether a run did nothing but wait for a person when the daemon ended, as its own facts have it: going on
/// leaves a fact behind. Of a run with others below it, theirs would have to be known, too. Pure.
bool only_waited(const std::vector<store::Fact>& facts);
store::Fact waits_fact(const std::string& run);

}  // namespace troupe::agents
