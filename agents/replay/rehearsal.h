#pragma once

#include "agents/replay/answers.h"
#include "agents/replay/cues.h"
#include "agents/replay/recorded_budgets.h"
#include "agents/replay/recorded_ids.h"
#include "agents/replay/recording.h"
#include "agents/replay/rehearsal_journal.h"
#include "agents/replay/replay.h"
#include "agents/replay/run_names.h"
#include "agents/replay/still_clock.h"
#include "agents/runs/run_desk.h"
#include "runtime/async/loop.h"
#include "runtime/async/nursery.h"
#include "runtime/async/task.h"
#include "runtime/bus/bus.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::agents {

/// One execution of a recorded run by the engine of this program. Whenever the engine can do nothing more by
/// itself, what came next when the run was recorded comes to it. Used once, on one thread.
class Rehearsal {
 public:
  /// All outlive it. `stop_at`: the moment at which the run is stopped as it was when it was recorded, where
  /// that was while nothing was waited for; 0: the record says when.
  Rehearsal(const Recording& recording, Answers& answers, store::StoreReader& reader,
            std::size_t stop_at = 0);
  ~Rehearsal();

  /// Runs it to its end, or to the end of the record. Errors: those of `catalog`; internal (it comes to no
  /// end).
  Result<> run(ReplayCatalog catalog, KeptTexts texts);

  const std::vector<store::LogLine>& lines() const { return journal_.lines(); }
  const RunNames& names() const { return names_; }
  /// Moments at which a stop can come while nothing is waited for: something was committed, something came, a
  /// pause, a restart. They are numbered from 1.
  std::size_t moments() const { return moments_; }

 private:
  Result<> perform(const char* what, std::function<Task<>()> body);
  Result<> settle();
  Result<> begin_process();
  Result<> open_desk(bool cancelled);
  Result<> close_desk();
  Result<> restart(bool cancelled);
  Result<bool> advance();
  Result<bool> come_to(std::int64_t at, Answer* decision);
  Result<bool> end_by_record();
  Result<> decide(Answer& answer);
  Result<> cancel(const std::string& run, CancelMode mode);
  Task<> pass();
  bool is_time_to_stop();
  CancelMode mode_of_stop() const;
  void set_forward(Instant to);
  Answer* next_decision() const;
  bool is_last_before_stop(std::int64_t at) const;
  bool never_asked() const;

  const Recording& recording_;
  Answers& answers_;
  StillClock clock_;
  Loop loop_;
  Nursery nursery_;  // what is asked of the desk
  RecordedIds ids_;
  RunNames names_;
  RehearsalJournal journal_;
  Cues cues_;
  RecordedBudgets budgets_;
  ReplayCatalog make_catalog_;
  KeptTexts texts_;
  std::shared_ptr<const Catalog> catalog_;
  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<LocalRunDesk> desk_;
  std::size_t restarts_ = 0;
  std::size_t stops_ = 0;  // of those that are on record, in order
  bool after_step_ = false;
  const std::size_t stop_at_;
  std::size_t moments_ = 0;
};

}  // namespace troupe::agents
