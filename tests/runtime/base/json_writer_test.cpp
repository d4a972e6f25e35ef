#include "runtime/base/json.h"

#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include <doctest/doctest.h>

using namespace troupe;

namespace {

std::string by_the_library(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Text of plain letters, escapes, controls, UTF-8 of each length, and bytes that are none.
std::string random_text(std::mt19937& random) {
  static const std::string pieces[] = {"plain text",
                                       "\"",
                                       "\\",
                                       "/",
                                       "\n",
                                       "\t\r\b\f",
                                       "\x01\x1f",
                                       "\x7f",
                                       "é",
                                       "한국어",
                                       "🦉",
                                       "\xff",
                                       "\xc3",
                                       "\xe2\x82",
                                       "\xed\xa0\x80",
                                       "\xc0\xaf",
                                       "\xf4\x90\x80\x80",
                                       "\xf0\x9f",
                                       "\xf4\x8f\xbf\xbf",
                                       std::string(1, '\0')};
  std::string text;
  for (auto left = random() % 6; left > 0; --left) text += pieces[random() % std::size(pieces)];
  return text;
}

Json random_value(std::mt19937& random, int depth) {
  switch (random() % (depth > 0 ? 8 : 6)) {
    case 0:
      return nullptr;
    case 1:
      return random() % 2 == 0;
    case 2:
      return static_cast<std::int64_t>(random()) - 2'000'000'000;
    case 3:
      return std::numeric_limits<std::uint64_t>::max() - random();
    case 4:
      return static_cast<double>(random()) / 7;
    case 5:
      return random_text(random);
    case 6: {
      Json list = Json::array();
      for (auto left = random() % 4; left > 0; --left) list.push_back(random_value(random, depth - 1));
      return list;
    }
    default: {
      Json object = Json::object();
      for (auto left = random() % 4; left > 0; --left)
        object[random_text(random)] = random_value(random, depth - 1);
      return object;
    }
  }
}

}  // namespace

TEST_CASE("what is written is what the library would write, byte for byte") {
  for (const Json& value :
       {Json(0.0), Json(-0.0), Json(1e300), Json(0.1), Json(std::numeric_limits<double>::infinity()),
        Json(std::numeric_limits<std::int64_t>::min()), Json(std::numeric_limits<std::uint64_t>::max()),
        Json(""), Json::object(), Json::array(), Json{{"a", {1, -2, Json::object()}}, {"b", nullptr}}})
    CHECK(dump(value) == by_the_library(value));
  std::mt19937 random(20261121);
  for (int i = 0; i < 3000; ++i) {
    const Json value = random_value(random, 4);
    REQUIRE(dump(value) == by_the_library(value));
  }
}

TEST_CASE("every pair of bytes is quoted as the library quotes it") {
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; ++second) {
      const std::string text{'x', static_cast<char>(first), static_cast<char>(second), 'y'};
      std::string out = "before:";
      append_quoted(out, text);
      REQUIRE(out == "before:" + by_the_library(Json(text)));
    }
}
