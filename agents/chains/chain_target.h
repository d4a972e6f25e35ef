#pragma once

#include "agents/chains/chain.h"
#include "agents/runs/run_target.h"

#include <memory>

namespace troupe::agents {

/// A chain that runs are asked of.
class ChainTarget final : public RunTarget {
 public:
  explicit ChainTarget(std::shared_ptr<const Chain> chain) : chain_(std::move(chain)) {}

  Result<std::unique_ptr<RunStart>> accept(const std::string& text, const Json& inputs) const override;
  Result<std::unique_ptr<RunStart>> take_up(const store::RunRow& row, const Json& inputs,
                                            const std::vector<store::Fact>& facts,
                                            const std::vector<Frame>& events) const override;

 private:
  std::shared_ptr<const Chain> chain_;
};

}  // namespace troupe::agents
