#include "agents/teams/tool_target.h"

#include "agents/limits.h"
#include "agents/teams/tool_run.h"
#include "tools/names.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

class ToolStart final : public RunStart {
 public:
  ToolStart(std::shared_ptr<const Agent> caller, std::string tool, RecordedRun recorded)
      : caller_(std::move(caller)), tool_(std::move(tool)), recorded_(std::move(recorded)) {}

  std::unique_ptr<RunDriver> begin(RunServices services, store::RunRow row, bool, Stop& stop) override {
    return std::make_unique<ToolRun>(std::move(services), std::move(caller_), std::move(tool_),
                                     std::move(row), stop, std::move(recorded_));
  }

 private:
  std::shared_ptr<const Agent> caller_;
  std::string tool_;
  RecordedRun recorded_;
};

}  // namespace

Result<std::shared_ptr<const ToolTarget>> ToolTarget::make(const std::string& tool,
                                                           const tools::ToolTable& tools,
                                                           const PeopleSettings& people) {
  Agent caller;
  caller.settings.name = tool;
  caller.settings.approvals = people;
  const AgentLimits& limits = caller.settings.limits;
  auto toolbox = tools::Toolbox::make(
      tools, {tool},
      {.tool_time = limits.tool_time, .observation = limits::kStoredOutput, .whole = limits::kStoredOutput});
  if (!toolbox) return fail(std::move(toolbox.error()));
  if (!toolbox->has(tools::call_name(tool)))
    return fail(ErrorCode::invalid, fmt::format("`{}` gives several tools; write one of them, as in `{}`",
                                                tool, tools::tools_meant(tools, tool).front()));
  caller.toolbox = std::make_shared<const tools::Toolbox>(std::move(*toolbox));
  return std::shared_ptr<const ToolTarget>(
      new ToolTarget(tools::call_name(tool), std::make_shared<const Agent>(std::move(caller))));
}

Result<std::unique_ptr<RunStart>> ToolTarget::accept(const std::string&, const Json&) const {
  return std::make_unique<ToolStart>(caller_, tool_, RecordedRun{});
}

Result<std::unique_ptr<RunStart>> ToolTarget::take_up(const store::RunRow&, const Json&,
                                                      const std::vector<store::Fact>& facts,
                                                      const std::vector<Frame>& events) const {
  auto recorded = fold_run(facts, events);
  if (!recorded) return fail(std::move(recorded.error()));
  return std::make_unique<ToolStart>(caller_, tool_, std::move(*recorded));
}

}  // namespace troupe::agents
