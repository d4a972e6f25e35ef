#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace troupe::agents {

/// Reason of a run that ends because nobody decided about a call in time.
inline constexpr std::string_view kUnanswered = "unanswered";

/// What becomes of a call when nobody has decided about it in time: it counts as denied, or the run ends.
enum class OnTimeout { deny, stop };

/// How long calls wait for a person.
struct PeopleSettings {
  std::chrono::milliseconds timeout{0};  ///< wall time, also over restarts; 0: as long as it takes
  OnTimeout on_timeout = OnTimeout::deny;
  std::string default_answer;  ///< of questions that a team asks itself; "": none
};

}  // namespace troupe::agents
