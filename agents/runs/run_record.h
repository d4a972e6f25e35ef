#pragma once

#include "agents/react/loop.h"
#include "models/message.h"
#include "runtime/async/task.h"
#include "runtime/base/event.h"
#include "runtime/base/json.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::agents {

/// How a run ended, and what it used.
struct RunEnd {
  std::string_view status;  ///< a word of docs/protocol.md
  std::string_view reason;  ///< the same
  std::string_view detail;  ///< for people; "": nothing to say
  int steps = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  double cost = 0;
};

/// What one run writes: its events and facts, stamped with whose they are, and gathered in one append until
/// something must be on disk before it goes on. Loop thread only.
class RunRecord {
 public:
  /// `journal` outlives the record.
  RunRecord(store::Journal& journal, store::RunRow row) : journal_(journal), row_(std::move(row)) {}

  store::RunRow& row() { return row_; }
  const store::RunRow& row() const { return row_; }

  Event event(std::string_view type, int step) const;
  /// Makes an event of somebody who works for the run one of the run.
  void stamp(Event& event) const;
  store::Fact fact(std::string_view kind, int step, const Json& body) const;
  /// An observation with what only the engine keeps of it.
  void add(const Observation& observation, int step, store::Append& append) const;

  /// Makes `append` the last one: run.finished, and the row as it ended, with its answer as it stands.
  /// `now`: wall time.
  void finish(const RunEnd& end, std::int64_t now, store::Append& append);

  /// Goes out with the next commit that something waits for.
  store::Append& pending() { return pending_; }
  store::Append take_pending() { return std::exchange(pending_, {}); }
  /// False: the journal takes no more, which is logged. The run can promise nothing from then on.
  Task<bool> commit(store::Append append);
  bool lost() const { return lost_; }
  void publish(const Event& event) { journal_.publish(event); }

 private:
  store::Journal& journal_;
  store::RunRow row_;
  store::Append pending_;
  bool lost_ = false;
};

}  // namespace troupe::agents
