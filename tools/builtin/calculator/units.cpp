#include "tools/builtin/calculator/units.h"

#include "runtime/base/ascii.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools::calculator {

namespace {

constexpr Dimension kLength{1}, kMass{0, 1}, kTime{0, 0, 1}, kTemperature{0, 0, 0, 1}, kData{0, 0, 0, 0, 1},
    kArea{2}, kVolume{3}, kSpeed{1, 0, -1}, kRate{0, 0, -1, 0, 1};

/// A unit by its exact definition: numerator/denominator base units.
struct Definition {
  std::string_view names;  ///< separated by blanks; the first is what results show
  Dimension dimension;
  long long numerator;
  long long denominator = 1;
};

// International definitions (1959 yard and pound agreement, SI, IEC 80000-13), all exact.
const Definition kDefinitions[] = {
    {"m metre metres meter meters", kLength, 1},
    {"km kilometre kilometres kilometer kilometers", kLength, 1000},
    {"cm centimetre centimetres centimeter centimeters", kLength, 1, 100},
    {"mm millimetre millimetres millimeter millimeters", kLength, 1, 1000},
    {"µm um μm micrometre micrometres micrometer micrometers", kLength, 1, 1'000'000},
    {"nm nanometre nanometres nanometer nanometers", kLength, 1, 1'000'000'000},
    {"mi mile miles", kLength, 1'609'344, 1000},
    {"yd yard yards", kLength, 9144, 10'000},
    {"ft foot feet", kLength, 3048, 10'000},
    {"inch inches", kLength, 254, 10'000},
    {"nmi", kLength, 1852},
    {"ly lightyear lightyears", kLength, 9'460'730'472'580'800},
    {"au", kLength, 149'597'870'700},
    {"kg kilogram kilograms kilo kilos", kMass, 1},
    {"g gram grams", kMass, 1, 1000},
    {"mg milligram milligrams", kMass, 1, 1'000'000},
    {"t tonne tonnes", kMass, 1000},
    {"lb lbs pound pounds", kMass, 45'359'237, 100'000'000},
    {"oz ounce ounces", kMass, 45'359'237, 1'600'000'000},
    {"st stone stones", kMass, 635'029'318, 100'000'000},
    {"s sec secs second seconds", kTime, 1},
    {"ms millisecond milliseconds", kTime, 1, 1000},
    {"µs us μs microsecond microseconds", kTime, 1, 1'000'000},
    {"ns nanosecond nanoseconds", kTime, 1, 1'000'000'000},
    {"min mins minute minutes", kTime, 60},
    {"h hr hrs hour hours", kTime, 3600},
    {"d day days", kTime, 86'400},
    {"week weeks wk", kTime, 604'800},
    {"year years yr yrs", kTime, 31'557'600},  // Julian, as astronomers and light years have it
    {"K kelvin", kTemperature, 1},
    {"bit bits", kData, 1},
    {"B byte bytes", kData, 8},
    {"kbit kb kilobit kilobits", kData, 1000},
    {"Mbit Mb megabit megabits", kData, 1'000'000},
    {"Gbit Gb gigabit gigabits", kData, 1'000'000'000},
    {"kB KB kilobyte kilobytes", kData, 8'000},
    {"MB megabyte megabytes", kData, 8'000'000},
    {"GB gigabyte gigabytes", kData, 8'000'000'000},
    {"TB terabyte terabytes", kData, 8'000'000'000'000},
    {"PB petabyte petabytes", kData, 8'000'000'000'000'000},
    {"KiB kibibyte kibibytes", kData, 8LL << 10},
    {"MiB mebibyte mebibytes", kData, 8LL << 20},
    {"GiB gibibyte gibibytes", kData, 8LL << 30},
    {"TiB tebibyte tebibytes", kData, 8LL << 40},
    {"PiB pebibyte pebibytes", kData, 8LL << 50},
    {"bps", kRate, 1},
    {"kbps", kRate, 1000},
    {"Mbps", kRate, 1'000'000},
    {"Gbps", kRate, 1'000'000'000},
    {"km/h kph kmh", kSpeed, 5, 18},
    {"mph", kSpeed, 1'609'344, 3'600'000},
    {"kn knot knots", kSpeed, 1852, 3600},
    {"rad radian radians", kAngle, 1},
    {"ha hectare hectares", kArea, 10'000},
    {"acre acres", kArea, 40'468'564'224, 10'000'000},
    {"L l litre litres liter liters", kVolume, 1, 1000},
    {"mL ml millilitre millilitres milliliter milliliters", kVolume, 1, 1'000'000},
    {"gal gallon gallons", kVolume, 3'785'411'784, 1'000'000'000'000},
};

// The k-th blank-separated name, or "".
std::string_view next_name(std::string_view& names) {
  const auto end = std::min(names.find(' '), names.size());
  std::string_view name = names.substr(0, end);
  names.remove_prefix(std::min(end + 1, names.size()));
  return name;
}

template <class Same>
const Definition* find_definition(Same same) {
  for (const Definition& definition : kDefinitions) {
    std::string_view names = definition.names;
    while (!names.empty())
      if (same(next_name(names))) return &definition;
  }
  return nullptr;
}

std::optional<Unit> find_special(std::string_view name) {
  if (name == "°" || name == "deg" || name == "degree" || name == "degrees")
    return Unit{"°", kAngle, Number::pi_times(Rational(1, 180)), 0};
  if (name == "C" || name == "°C" || name == "℃" || name == "degC" || lower(name) == "celsius")
    return Unit{"°C", kTemperature, 1, Number(Rational(27315, 100))};
  // 0 °F is 459.67 steps of 5/9 K above absolute zero.
  if (name == "F" || name == "°F" || name == "℉" || name == "degF" || lower(name) == "fahrenheit")
    return Unit{"°F", kTemperature, Number(Rational(5, 9)), Number(Rational(45967 * 5, 900))};
  return std::nullopt;
}

}  // namespace

std::optional<Unit> find_unit(std::string_view name) {
  if (auto special = find_special(name)) return special;
  const Definition* found = find_definition([&](std::string_view n) { return n == name; });
  // One letter is never guessed: M is not m, and B is not b.
  if (!found && name.size() > 1) {
    const std::string wanted = lower(name);
    found = find_definition([&](std::string_view n) { return n.size() > 2 && lower(n) == wanted; });
  }
  if (!found) return std::nullopt;
  std::string_view names = found->names;
  return Unit{std::string(next_name(names)), found->dimension,
              Number(Rational(found->numerator, found->denominator)), 0};
}

std::vector<std::string> unit_names() {
  std::vector<std::string> all;
  for (const Definition& definition : kDefinitions) {
    std::string_view names = definition.names;
    while (!names.empty()) all.emplace_back(next_name(names));
  }
  return all;
}

std::string base_label(const Dimension& dimension) {
  static constexpr std::string_view kBase[] = {"m", "kg", "s", "K", "bit", "rad"};
  std::string over, under;
  for (std::size_t i = 0; i < dimension.size(); ++i) {
    const int power = dimension[i];
    if (power == 0) continue;
    std::string& side = power > 0 ? over : under;
    if (!side.empty()) side += "·";
    side += kBase[i];
    if (std::abs(power) > 1) side += fmt::format("^{}", std::abs(power));
  }
  if (under.empty()) return over;
  return fmt::format("{}/{}", over.empty() ? "1" : over, under);
}

std::string describe(const Dimension& dimension) {
  static const std::pair<Dimension, std::string_view> kNames[] = {{kPlain, "a plain number"},
                                                                  {kLength, "a length"},
                                                                  {kMass, "a mass"},
                                                                  {kTime, "a time"},
                                                                  {kTemperature, "a temperature"},
                                                                  {kData, "an amount of data"},
                                                                  {kAngle, "an angle"},
                                                                  {kArea, "an area"},
                                                                  {kVolume, "a volume"},
                                                                  {kSpeed, "a speed"},
                                                                  {kRate, "a data rate"}};
  for (const auto& [known, name] : kNames)
    if (known == dimension) return std::string(name);
  return base_label(dimension);
}

Dimension combine(const Dimension& a, const Dimension& b, int sign) {
  Dimension result{};
  for (std::size_t i = 0; i < a.size(); ++i) {
    const int power = a[i] + sign * b[i];
    if (power > 100 || power < -100) throw Problem{"the power of a unit is too large"};
    result[i] = static_cast<std::int8_t>(power);
  }
  return result;
}

Dimension raise(const Dimension& a, int exponent) {
  Dimension result{};
  for (std::size_t i = 0; i < a.size(); ++i) {
    const int power = a[i] * exponent;
    if (power > 100 || power < -100) throw Problem{"the power of a unit is too large"};
    result[i] = static_cast<std::int8_t>(power);
  }
  return result;
}

}  // namespace troupe::tools::calculator
