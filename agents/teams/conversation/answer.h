#pragma once

#include "agents/teams/conversation/conversation.h"
#include "agents/teams/conversation/until.h"
#include "agents/teams/pattern.h"

#include <string>
#include <string_view>

namespace troupe::agents {

/// What was said last by a member, as the team's answer; empty when nobody said anything. Pure.
TeamAnswer answer_of(const Conversation& said);

/// The answer of a team that ended because a condition held: what the condition's text was found in, without
/// that text where it stands alone at the end. Who said no more than that passes judgement on what was said
/// before, which then is the answer. Pure.
TeamAnswer answer_of(const Conversation& said, const Held& held);

/// The text without `marker` at its end, and without marks (`*`, quotes, a full stop) and blanks around it;
/// the whole text when the marker does not end it, or is only the end of a word. Pure.
std::string without_marker(std::string_view text, std::string_view marker);

/// The end of a team that stopped at a bound: with what there is, or without an answer when that is nothing.
Teamed<TeamAnswer> stopped_at(std::string reason, std::string detail, const Conversation& said);

/// The same for an end that came of an ask: a limit ends the team with what there is, all else without.
Teamed<TeamAnswer> ended_by(TeamEnd end, const Conversation& said);

}  // namespace troupe::agents
