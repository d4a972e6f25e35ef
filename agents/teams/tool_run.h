#pragma once

#include "agents/budgets/purse.h"
#include "agents/runs/recorded_run.h"
#include "agents/runs/run_clock.h"
#include "agents/runs/run_driver.h"
#include "agents/runs/run_record.h"
#include "agents/runs/step_calls.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// The driver of one call of a tool that a team makes itself. It is journaled, waits for a person and is
/// taken up again as the call of an agent is; its answer is what the tool gave. Loop thread only.
class ToolRun final : public RunDriver {
 public:
  /// `caller`: who has the tool. References outlive the run.
  ToolRun(RunServices services, std::shared_ptr<const Agent> caller, std::string tool, store::RunRow row,
          Stop& stop, RecordedRun recorded);
  ~ToolRun() override;

  Task<> run() override;
  /// Its one step is the call.
  void finish_after_step() override {}
  Result<Approvals::Receipt> decide(const Decision& decision) override { return calls_.decide(decision); }
  std::vector<PendingApproval> waiting() const override { return calls_.waiting(); }
  bool only_waits() const override { return calls_.only_waits(); }
  RunDriver* driver_of(std::string_view run) override { return run == record_.row().id ? this : nullptr; }
  void cancel() override { stop_.request(StopReason::cancelled); }

 private:
  class Events;

  void note_use(Event told);
  Task<> finish(Observation seen);

  RunServices services_;
  const std::shared_ptr<const Agent> caller_;
  const std::string tool_;
  Stop& stop_;
  Stop work_;  // of stop_: also requested when the time is over
  RecordedRun recorded_;
  RunRecord record_;
  Purse purse_;
  RunClock clock_;
  StepCalls calls_;
  std::unique_ptr<Events> events_;
  models::Usage used_;
  double cost_ = 0;
};

}  // namespace troupe::agents
