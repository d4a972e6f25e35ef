#pragma once

#include "runtime/base/result.h"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// A passage as a model placed it.
struct Verdict {
  std::size_t index = 0;  ///< from 0
  std::optional<double> score;
  bool operator==(const Verdict&) const = default;
};

/// A model's order of passages.
struct Ranking {
  std::vector<Verdict> order;  ///< each passage once, best first; those it did not name follow in their order
  std::size_t named = 0;       ///< how many of them the model named; they come first
  std::size_t strange = 0;     ///< what it named twice, or that was not among the passages
};

/// Reads a model's order of `passages` passages, which were shown to it with numbers from 1. Understood are
/// lists of {"index", "score"}, of numbers or of both, also as a member of an object, {"2": 0.9, "1": 0.4},
/// [2] > [1], and lines of plain numbers; around them may be anything. With scores they decide, equal ones by
/// their order in the reply. Errors: protocol, when not one passage is named.
Result<Ranking> read_ranking(std::string_view reply, std::size_t passages);

}  // namespace troupe::memory
