#pragma once

#include "app/configuration.h"
#include "runtime/config/keys.h"

#include <string>
#include <vector>

namespace troupe::app {

/// Every model that a run of the team may ask, each once: its own and those of all members, in teams within
/// it, too. Names that lead nowhere are left out.
std::vector<std::string> models_of_team(const Configuration& all, const agents::TeamSettings& team);

/// What shows only with the whole configuration: teams that contain themselves, files without a folder for
/// them, costs that cannot be known, rules that nobody can judge by.
void check_teams(const Configuration& all, config::Check& check);

/// Who answers when a client names nobody and the configuration does not say: the only one who is no member
/// of a team; "" when there are several.
std::string only_target(const Configuration& all);

}  // namespace troupe::app
