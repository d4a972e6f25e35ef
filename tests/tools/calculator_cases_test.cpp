// The calculator against a table of results from elsewhere: tests/fixtures/calculator/cases.tsv says from
// where.
#include "tools/builtin/calculator/calculator.h"

#include <charconv>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe::tools::calculator;

namespace {

std::vector<std::string_view> split(std::string_view line, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = line.find(separator);
    parts.push_back(line.substr(0, end));
    if (end == std::string_view::npos) return parts;
    line.remove_prefix(end + 1);
  }
}

Options options_of(std::string_view text) {
  Options options;
  for (std::string_view one : split(text, ',')) {
    if (one == "angle=deg") options.angle = Angle::degrees;
    if (one.starts_with("digits=")) std::from_chars(one.data() + 7, one.data() + one.size(), options.digits);
  }
  return options;
}

// `error@4 TEXT`: the message holds TEXT and, unless it is about the whole, the place.
bool refused_as(const std::string& message, std::string_view expected) {
  expected.remove_prefix(std::string_view("error@").size());
  const auto blank = expected.find(' ');
  const std::string_view place = expected.substr(0, blank);
  if (message.find(expected.substr(blank + 1)) == std::string::npos) return false;
  if (place == "-") return message.find("offset") == std::string::npos;
  if (place == "end") return message.ends_with("(at the end of the expression)");
  return message.find("(at offset " + std::string(place) + ", near `") != std::string::npos;
}

}  // namespace

TEST_CASE("every row of the table comes out as its reference says") {
  std::ifstream file(TROUPE_FIXTURES "/calculator/cases.tsv");
  REQUIRE(file);
  int rows = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with("# ")) continue;
    const auto columns = split(line, '\t');
    REQUIRE_MESSAGE(columns.size() == 4, line);
    ++rows;
    const std::string expression(columns[0]);
    CAPTURE(expression);
    CAPTURE(columns[1]);
    const auto value = calculate(expression, options_of(columns[1]));
    if (columns[2].starts_with("error@")) {
      CHECK_MESSAGE(!value, *value);
      if (!value)
        CHECK_MESSAGE(refused_as(value.error().message, columns[2]), value.error().message, " instead of ",
                      columns[2]);
    } else if (value) {
      CHECK(*value == columns[2]);
    } else {
      FAIL_CHECK(value.error().message, " instead of ", columns[2]);
    }
  }
  CHECK(rows >= 600);
}
