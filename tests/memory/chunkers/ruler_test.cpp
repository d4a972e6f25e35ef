#include "memory/knowledge/chunkers/ruler.h"

#include "memory/knowledge/chunkers/span.h"
#include "models/token_estimate.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

using namespace troupe::memory::chunkers;
using troupe::models::estimate_tokens;
using troupe::models::tokens::Encoding;
using enum troupe::models::tokens::EncodingName;

namespace {

const std::string kMixed =
    "The quick (brown) fox, 여우와 개 — 狐と犬。 👨‍👩‍👧‍👦 e\u0301! 12345 \n\n  "
    "tail";

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

TEST_CASE("heads and tails are the longest that fit, in code points and in estimated tokens") {
  std::string text = kMixed;
  while (text.size() < 700) text += kMixed;
  const auto counted = [](std::string_view part, bool estimated) {
    return estimated ? static_cast<std::size_t>(estimate_tokens(part)) : code_points(part);
  };
  for (bool estimated : {false, true}) {
    const auto ruler = estimated ? estimate_ruler() : code_point_ruler();
    const std::size_t all = counted(text, estimated);
    for (std::size_t limit = 1; limit <= all + 1; ++limit) {
      CAPTURE(limit);
      const std::size_t head = ruler->head(text, limit), tail = ruler->tail(text, limit);
      CHECK(counted(text.substr(0, head), estimated) <= limit);
      CHECK(counted(text.substr(text.size() - tail), estimated) <= limit);
      if (head < text.size()) CHECK(counted(text.substr(0, head + 1), estimated) == limit + 1);
      if (tail < text.size())
        CHECK(counted(text.substr(character_floor(text, text.size() - tail - 1)), estimated) == limit + 1);
      CHECK(ruler->fits(text, limit) == (all <= limit));
      CHECK(ruler->fits(text.substr(0, head), limit));
    }
  }
}

TEST_CASE("no token is longer than is taken for granted") {
  for (auto name : {cl100k_base, o200k_base}) {
    const auto& ranks = Encoding::get(name).ranks();
    std::size_t longest = 0;
    for (std::uint32_t token = 0; token < ranks.size(); ++token)
      longest = std::max(longest, ranks.bytes(token).size());
    CHECK(longest == kTokenBytesMax);
  }
}

TEST_CASE("what fits in tokens is what the encoding counts, whatever the text") {
  for (auto name : {cl100k_base, o200k_base}) {
    const Encoding& encoding = Encoding::get(name);
    const auto ruler = encoding_ruler(encoding);
    std::string mixed;
    while (mixed.size() < 1'500) mixed += kMixed;
    for (const std::string& text :
         {mixed, std::string(1'500, 'a'), std::string(1'500, ' '), std::string(1'500, '-')})
      for (std::size_t limit : {1, 4, 10, 31, 32, 33, 60, 100, 375, 376, 1000}) {
        CAPTURE(limit);
        CHECK(ruler->fits(text, limit) == (encoding.count(text) <= limit));
        const std::size_t head = ruler->head(text, limit), tail = ruler->tail(text, limit);
        CHECK(head == character_floor(text, head));
        CHECK(text.size() - tail == character_floor(text, text.size() - tail));
        if (encoding.count(text) <= limit) CHECK((head == text.size() && tail == text.size()));
      }
  }
}
