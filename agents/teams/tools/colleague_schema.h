#pragma once

#include "agents/teams/crew.h"
#include "tools/tool.h"

#include <cstddef>
#include <string>
#include <vector>

/// What the tools of a member have in common, by which it reaches its colleagues.
namespace troupe::agents {

/// Whom a member may reach with one of its tools.
using Colleagues = std::vector<MemberView>;

/// One of these names.
Json to_of(const Colleagues& colleagues);
/// "writer: writes things; editor".
std::string who(const Colleagues& colleagues);
Json text_of(const char* about, std::size_t most);

/// An idempotent tool with these properties, and no others.
tools::ToolSpec spec_of(std::string name, std::string description, Json properties, Json required);

/// Of what a call asks of the crew: the same for every attempt of it, and no other's.
std::string crew_key(const tools::ToolSpec& spec, const tools::ToolInput& input);

}  // namespace troupe::agents
