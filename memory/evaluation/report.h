#pragma once

#include "memory/evaluation/estimate.h"
#include "runtime/base/json.h"

#include <optional>
#include <string>
#include <vector>

namespace troupe::memory {

/// A line of a report: one figure of one set of cases.
struct Measure {
  std::string name;                  ///< "exact match", "nDCG@10"; BLEU with its signature in `note`
  std::optional<Estimate> estimate;  ///< nothing: no case had a value
  int decimals = 4;                  ///< shown; 1 for figures of 0 … 100
  std::size_t left_out = 0;          ///< cases without a value, which are not in the estimate
  std::string note;
};

/// Columns that stand below each other: measure, value, 95 % interval, n; left out and notes where there are
/// any. Columns are aligned by what a terminal shows for text without double-width characters. Pure.
std::string report_table(const std::vector<Measure>& measures);

/// {"measures": [{"name", "value", "low", "high", "n", "left_out"?, "note"?}]}, numbers in full; value, low
/// and high are null without an estimate. Pure.
Json report_json(const std::vector<Measure>& measures);

}  // namespace troupe::memory
