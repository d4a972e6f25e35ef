// A JSON Schema and a value of any bytes: compiled or refused, held against each other within bounds, and the
// verdicts agree with each other.
#include "tests/fuzz/require.h"
#include "tools/json_schema.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace troupe;
using namespace troupe::tools;
using troupe::fuzz::require;

namespace {

constexpr std::size_t kValueBytes = 64u << 10;

void hold(const JsonSchema& schema, const Json& value) {
  const auto fits = schema.check(value);
  const auto checked = schema.validate(value);

  if (!fits) require(!fits.error().message.empty());
  if (fits) require(checked && checked->repairs.empty() && checked->value == value);
  if (!checked) {
    require(!checked.error().message.empty());
    return;
  }
  require(schema.check(checked->value).has_value());
  const auto twice = schema.validate(checked->value);
  require(twice && twice->repairs.empty());
}

}  // namespace

/// The schema stands before the first zero byte or line end, the value behind it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find_first_of(std::string_view("\0\n", 2));
  const auto schema = JsonSchema::parse(text.substr(0, cut));
  if (!schema) {
    require(!schema.error().message.empty());
    return 0;
  }
  const auto value = parse_json(cut == std::string_view::npos ? "null" : text.substr(cut + 1),
                                limits::kJsonDepth, kValueBytes);
  if (value) hold(*schema, *value);
  return 0;
}
