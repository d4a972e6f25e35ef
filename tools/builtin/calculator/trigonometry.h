#pragma once

#include "tools/builtin/calculator/functions.h"

#include <span>

namespace troupe::tools::calculator {

/// Trigonometry that is exact where the result is rational: sin(30°) and sin(π/6) are 1/2, cos(π/2) is 0,
/// tan(π/2) is an error, asin(1/2) is π/6.
Number sine(std::span<const Number> arguments, Setting& setting);
Number cosine(std::span<const Number> arguments, Setting& setting);
Number tangent(std::span<const Number> arguments, Setting& setting);
Number arc_sine(std::span<const Number> arguments, Setting& setting);
Number arc_cosine(std::span<const Number> arguments, Setting& setting);
Number arc_tangent(std::span<const Number> arguments, Setting& setting);
Number arc_tangent2(std::span<const Number> arguments, Setting& setting);
Number to_degrees(std::span<const Number> arguments, Setting& setting);
Number to_radians(std::span<const Number> arguments, Setting& setting);

}  // namespace troupe::tools::calculator
