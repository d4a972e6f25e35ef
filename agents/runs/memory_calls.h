#pragma once

#include "agents/budgets/account.h"
#include "models/message.h"
#include "runtime/async/task.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// The calls that memories make once a run has ended, as facts of that run: `memory.intent` before a call
/// leaves, `memory.used` when it has ended, whatever became of it. Memories of a run ask for one thing at a
/// time, so an intent with nothing after it is a call that a crash took, and that was paid for.
namespace troupe::agents {

struct MemoryCall {
  std::string agent;       ///< whose memory asks
  std::string model;       ///< who is asked first: its entry in `models:`
  std::int64_t input = 0;  ///< tokens of the request, estimated
  double cost = 0;         ///< of them: a start may know no price any more
};

store::Fact memory_intent(const std::string& run, const MemoryCall& call);
/// Belongs in the append that adds to the ledger, if anything was used.
store::Fact memory_used(const std::string& run, const models::Usage& usage, double cost);

/// A call that a crash took.
struct LostMemoryCall {
  std::string run;
  MemoryCall call;
};
/// From all facts of the two kinds of a session, each in the order of their commits. Errors: store (an intent
/// that does not parse: the journal is damaged). Pure.
Result<std::vector<LostMemoryCall>> lost_memory_calls(const std::vector<store::Fact>& intents,
                                                      const std::vector<store::Fact>& used);

/// Adds what crashes took of an agent's calls in a session ("": of all its agents) to the ledger and to the
/// account: the request of each, once, since it has its `memory.used` then. None of their memories may be at
/// work. Errors: store. Loop thread.
Task<Result<>> count_lost_memory_calls(store::Journal& journal, Account& account, const Clock& clock,
                                       std::string session, std::string agent = "");

/// The same for the sessions of the newest `runs` runs, before any memory is at work: what a start does
/// after a crash. A session that had none of them is looked at before its memory's next call. Errors: store.
Task<Result<>> count_lost_memory_calls(store::Journal& journal, Account& account, const Clock& clock,
                                       std::size_t runs);

}  // namespace troupe::agents
