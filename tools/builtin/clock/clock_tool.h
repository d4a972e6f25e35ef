#pragma once

#include "runtime/base/clock.h"
#include "tools/builtin/clock/time_zone.h"
#include "tools/settings.h"
#include "tools/tool.h"

#include <map>
#include <string>

namespace troupe::tools {

/// `type: clock`: what time it is, in any zone, and arithmetic on dates. Pure as the word is meant here (it
/// reads only); a replay has the recorded answer.
class ClockTool final : public Tool {
 public:
  /// Errors: what TimeZone::load says of the configured zone.
  static Result<std::unique_ptr<Tool>> make(const ToolSettings& settings, const Clock& clock);
  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override;

 private:
  ClockTool(const ToolSettings& settings, const Clock& clock, TimeZone home);
  Result<std::string> answer(const Json& arguments);
  Result<const TimeZone*> zone(const std::string& name);

  ToolSpec spec_;
  const Clock& clock_;
  std::string home_;
  std::map<std::string, TimeZone> zones_;  // loaded so far, at most kZonesMax
};

}  // namespace troupe::tools
