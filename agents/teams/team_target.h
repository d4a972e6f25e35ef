#pragma once

#include "agents/runs/run_target.h"
#include "agents/teams/team.h"

#include <memory>

namespace troupe::agents {

/// A team that runs are asked of.
class TeamTarget final : public RunTarget {
 public:
  explicit TeamTarget(std::shared_ptr<const Team> team) : team_(std::move(team)) {}

  Result<std::unique_ptr<RunStart>> accept(const std::string& text, const Json& inputs) const override;
  Result<std::unique_ptr<RunStart>> take_up(const store::RunRow& row, const Json& inputs,
                                            const std::vector<store::Fact>& facts,
                                            const std::vector<Frame>& events) const override;

 private:
  std::shared_ptr<const Team> team_;
};

}  // namespace troupe::agents
