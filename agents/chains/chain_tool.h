#pragma once

#include "agents/chains/chain.h"
#include "runtime/base/result.h"
#include "tools/settings.h"
#include "tools/tool.h"

#include <memory>
#include <vector>

namespace troupe::agents {

/// A chain as a tool of an agent. Its calls are made inside of the agent's run, one after the other or as its
/// branches say; what they use is reported as `usage` events of the call, which the run counts and keeps. The
/// chain's own limits hold for each call, the agent's tool_time too. It has no memory: a step `rewrite` finds
/// no conversation. It only reads, so a call that a crash took is made again from its beginning.
class ChainTool final : public tools::Tool {
 public:
  /// `description`: "" for the chain's own.
  ChainTool(std::string name, std::string description, std::shared_ptr<const Chain> chain);

  const tools::ToolSpec& spec() const override { return spec_; }
  Task<Result<tools::ToolOutput>> call(tools::ToolInput input, CallContext& context) override;

 private:
  const std::shared_ptr<const Chain> chain_;
  tools::ToolSpec spec_;
};

/// Adds the tools of type `chain`. Errors: not_found (a chain that is not there), conflict.
Result<> add_chain_tools(const std::vector<tools::ToolSettings>& settings, const ChainTable& chains,
                         tools::ToolTable& tools);

/// True where what a chain does depends on the message beside its inputs.
bool reads_message(const Chain& chain);

}  // namespace troupe::agents
