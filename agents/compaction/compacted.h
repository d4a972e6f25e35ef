#pragma once

#include "agents/check/history.h"
#include "runtime/base/json.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// Kind of the fact that says of a run that it was compacted: that facts of it were dropped, or are being
/// dropped. It comes in one transaction with the first of them and stays for good.
inline constexpr std::string_view kCompacted = "run.compacted";

/// What stays of the facts of a compacted run.
struct Compacted {
  std::int64_t at_ms = 0;  ///< wall time
  std::int64_t facts = 0;  ///< that went
  std::int64_t bytes = 0;  ///< of their texts
  // What they told of models that were asked and that no event tells of; see Told.
  std::int64_t untold = 0;
  std::int64_t untold_calls = 0;
  std::int64_t beside = 0;
  double beside_cost = 0;
  std::int64_t at_once = 1;
  bool leads = false;
};

store::Fact to_fact(const Compacted& compacted, const std::string& run);
Compacted compacted_from(const Json& body);

/// Whether the run that these facts are of was compacted. Pure.
std::optional<Compacted> compacted_in(const std::vector<store::Fact>& facts);
std::optional<Compacted> compacted_in(const History& history);

/// For people: "it was compacted on 2026-11-29: what …".
std::string why_not_any_more(const Compacted& compacted, std::string_view cannot);

}  // namespace troupe::agents
