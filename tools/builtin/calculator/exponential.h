#pragma once

#include "tools/builtin/calculator/number.h"

/// e^x and ln on decimals: what powers, roots, logarithms and hyperbolic functions are made of.
namespace troupe::tools::calculator {

/// Throws Problem when the result is beyond the range of decimals, on either side.
Real exp_of(const Real& x, Work& work);

/// ln of a number above zero. Next to 1 it is summed up from the exact distance: ln(1 + 1e-55) has all its
/// digits.
Real log_of(const Number& x, Work& work);

}  // namespace troupe::tools::calculator
