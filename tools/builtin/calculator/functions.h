#pragma once

#include "tools/builtin/calculator/angle.h"
#include "tools/builtin/calculator/number.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools::calculator {

/// What a function is given besides its arguments.
struct Setting {
  Work& work;
  Angle angle = Angle::radians;  ///< what a plain number means to sin and what asin gives
};

/// What a function does with units: most take plain numbers; trigonometry also takes an angle; those that
/// choose or average take any, all alike, and their result has it too.
enum class Units { none, angle, kept };

struct Function {
  std::string_view name;
  int arity_min;
  int arity_max;
  Units units;
  Number (*apply)(std::span<const Number> arguments, Setting& setting);
};

/// By lower-case name; nullptr when there is none.
const Function* find_function(std::string_view name);
std::vector<std::string> function_names();

Number factorial(const Number& n, Work& work);
Number double_factorial(const Number& n, Work& work);
Number square_root(const Number& x, Work& work);

}  // namespace troupe::tools::calculator
