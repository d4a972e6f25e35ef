#include "agents/runs/unknown_outcome.h"

#include <fmt/format.h>

namespace troupe::agents {

std::string told_unknown() {
  return std::string(kOutcomeUnknown) +
         "the call had started when the daemon was interrupted, and this tool must not be called twice for "
         "the same request. Do not assume that it worked or that it failed; find out, or tell the user.";
}

std::string told_not_repeated(const Verdict& verdict) {
  return fmt::format("{} A person was asked whether to make it again, and it was not: {}", told_unknown(),
                     verdict.reason.empty() ? "no reason was given" : verdict.reason);
}

std::string why_asked_again() {
  return "the outcome of an earlier attempt is unknown: the call had started when the daemon was "
         "interrupted, "
         "and the tool cannot say whether it was carried out. Allowed, it is made again, with the same key; "
         "denied, it is not, and the agent is told that the outcome is unknown";
}

}  // namespace troupe::agents
