#pragma once

#include "agents/runs/request_log.h"
#include "runtime/base/json.h"
#include "runtime/store/journal.h"

#include <string>
#include <vector>

namespace troupe::app {

/// What `troupe runs show` says of a run before it lists its events. Pure.
struct RunSummary {
  int steps = 0;        ///< of which there is an event
  int model_calls = 0;  ///< with a usage of their own
  int tool_calls = 0;
  int failed_calls = 0;
  int approvals = 0;
  int warnings = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cached_tokens = 0;
  double cost = 0;
  std::int64_t model_ms = 0;
  std::int64_t tool_ms = 0;
  bool estimated = false;     ///< some of the tokens
  std::vector<Json> waiting;  ///< approval.required events that nobody has decided
};
RunSummary summarize(const std::vector<Json>& events);

Json as_json(const RunSummary& summary);
/// For people; ends in a line break. `wall_ms`: now, for a run that has not ended.
std::string as_text(const store::RunRow& row, const RunSummary& summary, std::int64_t wall_ms);

/// Requests as a provider got them, for people.
std::string as_text(const std::vector<agents::SentRequest>& requests);

}  // namespace troupe::app
