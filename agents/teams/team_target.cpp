#include "agents/teams/team_target.h"

#include "agents/forks/grant.h"
#include "agents/teams/inputs.h"
#include "agents/teams/recorded_team.h"
#include "agents/teams/team_run.h"

#include <utility>

namespace troupe::agents {

namespace {

class TeamStart final : public RunStart {
 public:
  TeamStart(std::shared_ptr<const Team> team, Json inputs, RecordedTeam recorded)
      : team_(std::move(team)), inputs_(std::move(inputs)), recorded_(std::move(recorded)) {}

  std::unique_ptr<RunDriver> begin(RunServices services, store::RunRow row, bool started,
                                   Stop& stop) override {
    recorded_.started = recorded_.started || started;
    return std::make_unique<TeamRun>(std::move(services), std::move(team_), std::move(row),
                                     std::move(inputs_), stop, std::move(recorded_));
  }

 private:
  std::shared_ptr<const Team> team_;
  Json inputs_;
  RecordedTeam recorded_;
};

}  // namespace

Result<std::unique_ptr<RunStart>> TeamTarget::accept(const std::string&, const Json& inputs) const {
  if (auto given = check_inputs(team_->settings, inputs); !given) return fail(std::move(given.error()));
  return std::make_unique<TeamStart>(team_, inputs, RecordedTeam{});
}

Result<std::unique_ptr<RunStart>> TeamTarget::take_up(const store::RunRow& row, const Json& inputs,
                                                      const std::vector<store::Fact>& facts,
                                                      const std::vector<Frame>& events) const {
  auto recorded = fold_team(facts, events);
  if (!recorded) return fail(std::move(recorded.error()));
  return std::make_unique<TeamStart>(granted(team_, row), inputs, std::move(*recorded));
}

}  // namespace troupe::agents
