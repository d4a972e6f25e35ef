#include "tools/builtin/calculator/calculator_tool.h"

#include "tools/builtin/calculator/calculator.h"

namespace troupe::tools {

namespace {

constexpr const char* kDescription =
    "Computes an arithmetic expression exactly: (17.5% of 2480) + 12^3, 2^200, 10!, 1/3 + 1/6, sqrt(2), "
    "sin(30°), "
    "ln(5), log10(2), round(2.345, 2), max(3, 7), gcd(12, 18), nCr(52, 5), 17 mod 5, 200 + 10%, 5 km in "
    "miles, "
    "72 F in C, 255 in hex. No variables and no words.";

constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "expression": {"type": "string", "minLength": 1, "maxLength": 4096, "description": "what to compute, e.g. (17.5% of 2480) + 12^3"},
    "digits": {"type": "integer", "minimum": 2, "maximum": 50, "description": "significant digits of a result that is not exact; 15 by default"},
    "angle": {"type": "string", "enum": ["rad", "deg"], "description": "what a plain number means to sin, cos and tan; rad by default (30° and 30 deg always are degrees)"}
  },
  "required": ["expression"],
  "additionalProperties": false
})json";

}  // namespace

CalculatorTool::CalculatorTool(const ToolSettings& settings) {
  spec_.declaration = {settings.name, settings.description.empty() ? kDescription : settings.description,
                       kSchema};
  spec_.effect = Effect::pure;
}

Task<Result<ToolOutput>> CalculatorTool::call(ToolInput input, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped("calculator", context.stop.reason()));
  const Json* expression = find(input.arguments, "expression");
  if (!expression || !expression->is_string())
    co_return fail(ErrorCode::invalid, "`expression` is missing: give the arithmetic to compute as a string");
  calculator::Options options;
  if (const Json* digits = find(input.arguments, "digits"); digits && digits->is_number())
    options.digits = static_cast<int>(digits->get<double>());
  if (string_or(input.arguments, "angle") == "deg") options.angle = calculator::Angle::degrees;
  auto value = calculator::calculate(expression->get<std::string>(), options);
  if (!value) co_return fail(value.error());
  co_return ToolOutput{std::move(*value), {}};
}

}  // namespace troupe::tools
