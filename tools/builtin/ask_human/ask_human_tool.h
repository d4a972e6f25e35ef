#pragma once

#include "tools/settings.h"
#include "tools/tool.h"

namespace troupe::tools {

/// `type: ask_human`: a question to whoever has the conversation open. The engine waits for the answer before
/// it makes the call (ToolSpec::asks), so that the answer is on disk by then, and the call only gives it out.
class AskHumanTool final : public Tool {
 public:
  explicit AskHumanTool(const ToolSettings& settings);
  const ToolSpec& spec() const override { return spec_; }
  /// Errors: invalid (nobody has answered: it was called where there is nobody to ask).
  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override;

 private:
  ToolSpec spec_;
};

}  // namespace troupe::tools
