#pragma once

#include "tools/builtin/calculator/value.h"

#include <string>

namespace troupe::tools::calculator {

/// Throws Problem when the form asked for does not fit the value: 1.5 in hex.
void check_form(const Value& value);

/// A result as text: whole numbers in full; an exact decimal when it ends within 60 significant digits; else
/// `digits` significant ones, rounded. No trailing zeros; 1.5e+30 and 1e-9 beyond 21 digits before the point
/// and 6 zeros after it. Throws Problem as check_form.
std::string format(const Value& value, int digits, Work& work);

}  // namespace troupe::tools::calculator
