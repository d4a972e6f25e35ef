#pragma once

#include "agents/react/loop.h"
#include "agents/runs/approvals.h"
#include "agents/runs/observation_store.h"
#include "runtime/base/clock.h"
#include "runtime/base/event.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::agents {

/// A verdict of a rule's model, a reply of it that could not be read, or what a call used that brought none.
struct RecordedVerdict {
  bool output = false;  ///< about an answer; else about the message
  int step = 0;
  std::size_t rule = 0;  ///< its place in its list
  bool decided = false;
  bool pass = false;
  bool undecided = false;  ///< the model could not be asked, or not be understood
  std::string reason;
  models::Usage usage;
  double cost = 0;
  std::size_t replies = 0;  ///< of the run, before it
  bool awaited = false;     ///< another reply of the run was awaited meanwhile
};
/// A model that judges was asked, and a crash took its reply.
struct LostVerdict {
  bool output = false;
  int step = 0;
  std::size_t rule = 0;
  std::int64_t input = 0;  ///< tokens
  bool told = false;       ///< the ledger has it
};

/// The model was asked, and a crash took its reply.
struct LostRequest {
  std::int64_t input = 0;  ///< tokens
  std::string entry;       ///< who was asked: a fallback, or ""
  bool told = false;       ///< the ledger has it
};

/// A person was asked whether a call that may have been made before is made again. Nothing of it is left
/// once it was.
struct RecordedDoubt {
  std::int64_t asked_ms = 0;  ///< wall time
  std::optional<Verdict> verdict;
};

/// What the journal already knows of a run that is taken up again: fed to the loop instead of asking anew.
struct RecordedRun {
  bool started = false;                             ///< run.started is journaled
  std::deque<Json> replies;                         ///< facts model.reply, in order
  std::map<std::string, Observation> observations;  ///< by call
  std::set<std::string> intents;                    ///< calls that may be made: policy was held against them
  std::map<std::string, std::string> keys;          ///< idempotency keys of these, as they were written down
  std::set<std::string> dispatched;                 ///< calls that left for an at-most-once tool
  /// Calls that a person was asked about, and when: wall time in milliseconds. 0: an older version did.
  std::map<std::string, std::int64_t> approvals;
  std::map<std::string, Verdict> verdicts;      ///< those of them that were decided
  std::map<std::string, RecordedDoubt> doubts;  ///< by call
  std::vector<RecordedVerdict> rulings;         ///< of rules that ask a model, in order
  std::vector<LostVerdict> lost_rulings;
  std::vector<StoredOutput> outputs;  ///< observations that were too long
  int last_intent_step = 0;           ///< 0: none
  int last_intent_attempt = 0;
  double token_ratio = 1;              ///< of its model's counter, as the run began
  std::int64_t context_learned = 0;    ///< of its model's window, as the run began; 0: nothing
  Json recalled;                       ///< null, or the record of what it recalled
  std::size_t journaled_messages = 0;  ///< of the conversation, in requests
  std::string system;                  ///< the first of them
  std::vector<LostRequest> lost;
  models::Usage broken;  ///< of replies that broke off or were cut off by a stop: usage events tell it
  double broken_cost = 0;
  Milliseconds used{0};                       ///< of the run's time
  std::map<int, AskedBefore> asked;           ///< requests that were answered, by step
  std::map<int, std::deque<Fitting>> fitted;  ///< what was left out of the conversation, by step
};

/// Folds a run's facts and events. Errors: store (a fact that does not parse: the journal is damaged).
Result<RecordedRun> fold_run(const std::vector<store::Fact>& facts, const std::vector<Frame>& events);

}  // namespace troupe::agents
