#pragma once

#include "runtime/base/json.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::e2e {

/// What happened in a team's run, an event a line, without what differs from run to run:
///
///   "team > team/a task"                          a message
///   "team/a > team reply done"                    with what became of the member's run
///   "team/a started", "team/a finished done final_answer"
///   "team/a answer", "team/a observation calculator failed", "team warning member_skipped"
///   "team/a handoff team/a > team/b"              agent first, then who to whom
using Trace = std::vector<std::string>;

/// The journaled events among `frames`.
Trace trace_of(const std::vector<Json>& frames);

/// A member's whole run with one answer, and the messages that lead to it and come of it.
Trace turn(const std::string& team, const std::string& member);
/// The address of the member that a line is about, for a message who works on it; "": the team itself.
std::string lane_of(std::string_view line);

/// What ends those that a trace began and did not end, the last to begin first, all of them `end`
/// ("cancelled cancelled"); but not the team, which began first.
Trace ends_of_open(const Trace& trace, const std::string& end);

Trace operator+(Trace a, const Trace& b);

/// The order in which lines stand whatever of what is done at once was first: members at work at the same
/// time are told one after another. A task is not moved before a reply, which may be why it was sent, and
/// nothing is moved past what the team itself did.
Trace in_normal_order(Trace trace);
/// In normal order, as one text, for comparing.
std::string told(Trace trace);

/// Fails the running test where `frames`, those of one run of a team and of all below it, are no whole run:
/// seq has gaps or comes twice, a run does not begin with run.started, or does not end with exactly one
/// run.finished, or the team's is not the last event; a child's `parent` is unknown; a reply is to no task
/// or the second one to it, or goes elsewhere than back; the tokens are not what the models told.
void check_whole(const std::vector<Json>& frames);

}  // namespace troupe::e2e
