#pragma once

namespace troupe::tools::calculator {

/// What a plain number means as an angle.
enum class Angle { radians, degrees };

}  // namespace troupe::tools::calculator
