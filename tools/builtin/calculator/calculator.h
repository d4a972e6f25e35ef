#pragma once

#include "runtime/base/result.h"
#include "tools/builtin/calculator/angle.h"

#include <string>
#include <string_view>

namespace troupe::tools::calculator {

inline constexpr std::size_t kExpressionBytes = 4u << 10;
inline constexpr int kDigitsMin = 2;
inline constexpr int kDigitsDefault = 15;
inline constexpr int kDigitsMax = 50;

struct Options {
  int digits = kDigitsDefault;   ///< significant digits of a result that is not exact
  Angle angle = Angle::radians;  ///< of plain numbers in sin(…) and from asin(…)
};

/// The value of an arithmetic expression as text, exact where it can be; see Parser for the language.
/// Pure, bounded in time (about 50 ms at most) and memory; any thread. Errors: invalid, whose message names
/// the place and what to write instead.
Result<std::string> calculate(std::string_view expression, Options options = {});

}  // namespace troupe::tools::calculator
