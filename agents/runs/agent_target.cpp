#include "agents/runs/agent_target.h"

#include "agents/forks/grant.h"
#include "agents/runs/agent_run.h"
#include "agents/runs/recorded_run.h"

#include <utility>

namespace troupe::agents {

namespace {

class AgentStart final : public RunStart {
 public:
  AgentStart(std::shared_ptr<const Agent> agent, std::string system, RecordedRun recorded)
      : agent_(std::move(agent)), system_(std::move(system)), recorded_(std::move(recorded)) {}

  std::unique_ptr<RunDriver> begin(RunServices services, store::RunRow row, bool started,
                                   Stop& stop) override {
    recorded_.started = recorded_.started || started;
    auto run = std::make_unique<AgentRun>(services.loop, services.journal, services.account,
                                          std::move(agent_), std::move(row), std::move(system_),
                                          std::move(services.secrets), stop, std::move(recorded_));
    run->on_waits_changed(std::move(services.waits_changed));
    return run;
  }

 private:
  std::shared_ptr<const Agent> agent_;
  std::string system_;
  RecordedRun recorded_;
};

}  // namespace

Result<std::unique_ptr<RunStart>> AgentTarget::accept(const std::string&, const Json& inputs) const {
  auto system = render_system_prompt(*agent_, inputs);
  if (!system) return fail(std::move(system.error()));
  return std::make_unique<AgentStart>(agent_, std::move(*system), RecordedRun{});
}

Result<std::unique_ptr<RunStart>> AgentTarget::take_up(const store::RunRow& row, const Json& inputs,
                                                       const std::vector<store::Fact>& facts,
                                                       const std::vector<Frame>& events) const {
  auto recorded = fold_run(facts, events);
  if (!recorded) return fail(std::move(recorded.error()));
  auto system = render_system_prompt(*agent_, inputs);
  if (!system) return fail(std::move(system.error()));
  // One in which redact() masked a secret can only be rendered again.
  if (const std::string& sent = recorded->system; !sent.empty() && !sent.contains("***")) *system = sent;
  return std::make_unique<AgentStart>(granted(agent_, row), std::move(*system), std::move(*recorded));
}

}  // namespace troupe::agents
