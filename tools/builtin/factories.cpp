#include "tools/builtin/factories.h"

#include "tools/builtin/calculator/calculator_tool.h"
#include "tools/builtin/clock/clock_tool.h"

namespace troupe::tools {

Result<std::unique_ptr<Tool>> make_calculator(const ToolSettings& settings, const ToolServices&) {
  return std::make_unique<CalculatorTool>(settings);
}

Result<std::unique_ptr<Tool>> make_clock(const ToolSettings& settings, const ToolServices& services) {
  return ClockTool::make(settings, services.clock);
}

}  // namespace troupe::tools
