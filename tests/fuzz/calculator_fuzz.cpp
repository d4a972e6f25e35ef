// An expression of any bytes: a value or a reason, the same each time, within the bounds of work. A plain
// number that comes out means itself when it is put in again.
#include "tests/fuzz/require.h"
#include "tools/builtin/calculator/calculator.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace troupe::tools::calculator;
using troupe::fuzz::require;

namespace {

bool plain_number(std::string_view text) {
  return text.size() < kExpressionBytes && text.find_first_not_of("-0123456789.") == std::string_view::npos;
}

}  // namespace

/// The first byte sets the digits and what a plain number means as an angle; the rest is the expression.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const Options options{.digits = kDigitsMin + data[0] % (kDigitsMax - kDigitsMin + 1),
                        .angle = data[0] & 0x80 ? Angle::degrees : Angle::radians};
  const std::string_view expression(reinterpret_cast<const char*>(data) + 1, size - 1);

  const auto value = calculate(expression, options);

  const auto again = calculate(expression, options);
  require(value.has_value() == again.has_value());
  if (!value) {
    require(!value.error().message.empty() && value.error().message == again.error().message);
    return 0;
  }
  require(!value->empty() && *value == *again);
  if (plain_number(*value)) {
    const auto same = calculate(*value, options);
    require(same.has_value() && *same == *value);
  }
  return 0;
}
