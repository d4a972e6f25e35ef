#pragma once

#include "agents/people/settings.h"
#include "agents/runs/approvals.h"
#include "agents/runs/run_record.h"
#include "runtime/base/clock.h"
#include "runtime/base/event.h"
#include "runtime/base/json.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <string>
#include <string_view>

/// What is written, and what is told, of calls that wait for a person. Pure.
namespace troupe::agents {

/// Who decided where nobody did.
inline constexpr std::string_view kByTimeout = "timeout";

/// A call that a person is asked about.
struct AskedCall {
  std::string call;
  std::string tool;
  Json input;             ///< that it is made with if it is allowed as it is
  bool question = false;  ///< it is made with the person's answer
  bool again = false;     ///< it may have been made before: see unknown_outcome.h
};

/// approval.required.
Event required_event(const RunRecord& record, int step, const AskedCall& asked);
/// approval.pending. `used`: of the run's time; `asked_ms`: since when, in wall time.
store::Fact pending_fact(const RunRecord& record, int step, const AskedCall& asked, Milliseconds used,
                         std::int64_t asked_ms);
/// approval.given or approval.denied, and approval.decided.
void add_decision(const RunRecord& record, int step, const AskedCall& asked, const Verdict& verdict,
                  store::Append& append);

/// What counts as decided when nobody did in time. `default_answer`: what a question is answered with then;
/// "": nothing.
Verdict verdict_of_time(const AskedCall& asked, const PeopleSettings& people,
                        const std::string& default_answer);

/// What the agent is told of a call that was not allowed.
std::string told_denial(const AskedCall& asked, const Verdict& verdict);

}  // namespace troupe::agents
