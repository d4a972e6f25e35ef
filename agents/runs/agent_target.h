#pragma once

#include "agents/agent.h"
#include "agents/runs/run_target.h"

#include <memory>

namespace troupe::agents {

/// An agent that runs are asked of.
class AgentTarget final : public RunTarget {
 public:
  explicit AgentTarget(std::shared_ptr<const Agent> agent) : agent_(std::move(agent)) {}

  Result<std::unique_ptr<RunStart>> accept(const std::string& text, const Json& inputs) const override;
  /// The prompt is the one that was sent, since a prompt file may have changed.
  Result<std::unique_ptr<RunStart>> take_up(const store::RunRow& row, const Json& inputs,
                                            const std::vector<store::Fact>& facts,
                                            const std::vector<Frame>& events) const override;

 private:
  std::shared_ptr<const Agent> agent_;
};

}  // namespace troupe::agents
