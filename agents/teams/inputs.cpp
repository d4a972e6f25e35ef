#include "agents/teams/inputs.h"

#include <fmt/format.h>

namespace troupe::agents {

Result<> check_inputs(const TeamSettings& team, const Json& inputs) {
  std::string missing;
  for (const TeamInput& one : inputs_of(team))
    if (!find(inputs, one.name))
      missing +=
          fmt::format("{}`{}` (teams.{}.{})", missing.empty() ? "" : ", ", one.name, team.name, one.place);
  if (missing.empty()) return {};
  return fail(ErrorCode::invalid,
              fmt::format("inputs that the team `{}` needs were not given: {} (inputs: {{\"NAME\": …}}, or "
                          "--input NAME=…)",
                          team.name, missing));
}

}  // namespace troupe::agents
