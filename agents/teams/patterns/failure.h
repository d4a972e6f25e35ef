#pragma once

#include "agents/teams/crew.h"
#include "agents/teams/settings.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"

#include <optional>
#include <string>
#include <string_view>

/// What a team does when a member's run, or a tool of its own, fails.
namespace troupe::agents {

/// Reason of a team that ends because a member failed, as opposed to one that its limits or its user end.
inline constexpr std::string_view kMemberFailed = "member_failed";

/// Asks, and does what `policy` says when the member's run ends as anything but done; also as cancelled,
/// unless `stop` is what cancelled it. Nothing: it was skipped, with a warning `member_skipped`.
///
/// Keys are those of `ask`, with `.again1`, `.again2` … for retries, whose text says what failed, and with
/// `.instead` for a substitute. Ends: failed (member_failed: who was asked what, and what became of it);
/// whatever Crew::ask() ends with, which no policy changes. References outlive the call.
Task<Teamed<std::optional<Reply>>> ask_by_policy(Crew& crew, Ask ask, const FailurePolicy& policy,
                                                 Stop& stop);

/// The same for a call of a tool. It is repeated as it was; a substitute is a member, who is told which call
/// failed and asked for its result.
Task<Teamed<std::optional<Reply>>> call_by_policy(Crew& crew, ToolAsk ask, const FailurePolicy& policy,
                                                  Stop& stop);

/// How a team ends that `stop` ended.
TeamEnd team_cancelled();

/// "limit (max_steps): …": what became of a run, at most limits::kTeamFailureBytes of it.
std::string told_failure(const Reply& reply);

}  // namespace troupe::agents
