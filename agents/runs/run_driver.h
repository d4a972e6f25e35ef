#pragma once

#include "agents/agent.h"
#include "agents/budgets/account.h"
#include "agents/runs/approval.h"
#include "agents/runs/approvals.h"
#include "runtime/async/loop.h"
#include "runtime/async/task.h"
#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/base/secret.h"
#include "runtime/bus/bus.h"
#include "runtime/store/journal.h"

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// What drives one run, whatever its target is. Loop thread only.
class RunDriver {
 public:
  virtual ~RunDriver() = default;

  /// Runs to the end and returns with run.finished committed; not at all when the stop's reason is shutdown
  /// or the journal takes no more: then the next start goes on. Everything it started has ended when it
  /// returns.
  virtual Task<> run() = 0;

  /// Ends the run as cancelled after the step at work.
  virtual void finish_after_step() = 0;

  /// A person's decision about a call of it. Errors: not_found (no such call waits here), and those of
  /// StepCalls::decide.
  virtual Result<Approvals::Receipt> decide(const Decision& decision) = 0;
  /// A run that has come to its end, whose agent may have a memory to see to.
  struct Over {
    std::shared_ptr<const Agent> agent;
    store::RunRow row;
  };
  /// After run(): of the run and of those below it. None where the run goes on at the next start, or where
  /// no agent has a memory of it.
  virtual std::vector<Over> over() const { return {}; }

  /// The run, or one below it that is at work, by its id. nullptr: it is none of them.
  virtual RunDriver* driver_of(std::string_view run) = 0;
  /// Ends the run, or one below it, as cancelled; see run() about when it has ended.
  virtual void cancel() = 0;

  /// What waits for a person now.
  virtual std::vector<PendingApproval> waiting() const = 0;
  /// Nothing of it is at work but the waiting for a person.
  virtual bool only_waits() const = 0;
};

/// What every driver works with. The references outlive it.
struct RunServices {
  Loop& loop;
  store::Journal& journal;
  Account& account;
  Secrets secrets;  ///< masked in what is kept of requests
  Rng& rng;
  bus::Bus& bus;
  std::function<void()> waits_changed = nullptr;  ///< only_waits() of the driver may have changed
};

}  // namespace troupe::agents
