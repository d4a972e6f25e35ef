#pragma once

#include "agents/runs/approvals.h"

#include <string>
#include <string_view>

/// A call that had left for a tool that must not be called twice when its process ended, and of which that
/// tool cannot say what became. What is done about it is the agent's `on_unknown`. Pure.
namespace troupe::agents {

/// On disk with the observation of such a call: the run ends of it where its agent says so.
inline constexpr std::string_view kUnknownFact = "tool.unknown";
/// Field of `approval.pending` and `approval.decided`: whether such a call is made again. Each approval is
/// for one more `tool.dispatched`, and none is made without.
inline constexpr const char* kAgainField = "again";

/// How the observation of every such call begins; a replay tells it by that.
inline constexpr std::string_view kOutcomeUnknown = "outcome unknown: ";

/// What the agent is told.
std::string told_unknown();
/// The same where a person was asked, and it was not made again. `verdict`: theirs, or that of time.
std::string told_not_repeated(const Verdict& verdict);
/// What the person is told: why the call waits.
std::string why_asked_again();

}  // namespace troupe::agents
