#pragma once

#include "tools/builtin/calculator/number.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools::calculator {

/// Powers of length (m), mass (kg), time (s), temperature (K), data (bit) and angle (rad).
using Dimension = std::array<std::int8_t, 6>;
inline constexpr Dimension kPlain{};
inline constexpr Dimension kAngle{0, 0, 0, 0, 0, 1};

/// One unit or a product of several: `factor` base units, and for temperatures the zero point.
struct Unit {
  std::string label;  ///< as results show it
  Dimension dimension = kPlain;
  Number factor = 1;
  Number zero = 0;  ///< in kelvin: where this scale begins (°C: 273.15)
  bool scale() const { return !zero.zero(); }
};

/// "km", "miles", "°C", "MiB", "kph"…; exact spelling first, then without regard to case.
std::optional<Unit> find_unit(std::string_view name);
std::vector<std::string> unit_names();

/// "m/s" for a dimension, in base units.
std::string base_label(const Dimension& dimension);
/// "length", "speed", … for messages.
std::string describe(const Dimension& dimension);

Dimension combine(const Dimension& a, const Dimension& b, int sign);
Dimension raise(const Dimension& a, int exponent);

}  // namespace troupe::tools::calculator
