#pragma once

#include "agents/agent.h"
#include "agents/runs/run_target.h"
#include "tools/tool.h"

#include <memory>
#include <string>

namespace troupe::agents {

/// A tool that a team calls itself: a run whose one step is the call. What it is asked is the input, as JSON.
class ToolTarget final : public RunTarget {
 public:
  /// `people`: how long its calls wait for a person. Errors: not_found (no such tool), invalid (its schema).
  static Result<std::shared_ptr<const ToolTarget>> make(const std::string& tool,
                                                        const tools::ToolTable& tools,
                                                        const PeopleSettings& people = {});

  Result<std::unique_ptr<RunStart>> accept(const std::string& text, const Json& inputs) const override;
  Result<std::unique_ptr<RunStart>> take_up(const store::RunRow& row, const Json& inputs,
                                            const std::vector<store::Fact>& facts,
                                            const std::vector<Frame>& events) const override;

 private:
  ToolTarget(std::string tool, std::shared_ptr<const Agent> caller)
      : tool_(std::move(tool)), caller_(std::move(caller)) {}

  const std::string tool_;
  const std::shared_ptr<const Agent> caller_;  ///< who has the tool, with the limits of a call
};

}  // namespace troupe::agents
