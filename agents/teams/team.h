#pragma once

#include "agents/agent.h"
#include "agents/runs/run_target.h"
#include "agents/teams/crew.h"
#include "agents/teams/settings.h"
#include "agents/teams/switchboard.h"
#include "runtime/base/result.h"
#include "runtime/store/artifacts.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// Who does the work that a team gives to one name.
struct TeamMember {
  std::shared_ptr<const RunTarget> target;
  /// The same held against the guardrail of a task, by its name.
  std::map<std::string, std::shared_ptr<const RunTarget>, std::less<>> tasks;
};

/// A team ready to run. Immutable and shared: a run keeps the one it began with while a reload puts another
/// in its place.
struct Team {
  TeamSettings settings;
  std::vector<MemberView> views;                           ///< in the order of the configuration
  std::map<std::string, TeamMember, std::less<>> members;  ///< with those it makes of `model`
  std::map<std::string, std::shared_ptr<const RunTarget>, std::less<>> tools;  ///< of a graph's nodes
  std::shared_ptr<Switchboard> switchboard;                                    ///< of its members' tools
  std::shared_ptr<store::Artifacts> artifacts;  ///< null: nothing may be written

  /// "writer" of "writer#2".
  static std::string_view member_of(std::string_view address) { return address.substr(0, address.find('#')); }
};

}  // namespace troupe::agents
