#pragma once

#include "tools/settings.h"
#include "tools/tool.h"

namespace troupe::tools {

/// `type: calculator`: exact arithmetic for a model that cannot do it in its head. Pure; answers at once.
class CalculatorTool final : public Tool {
 public:
  explicit CalculatorTool(const ToolSettings& settings);
  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override;

 private:
  ToolSpec spec_;
};

}  // namespace troupe::tools
