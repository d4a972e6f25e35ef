#include "runtime/store/chain.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe::store;

TEST_CASE("CRC-32C matches the published check values, in one piece or several") {
  CHECK(crc32c(0, "123456789") == 0xe3069283u);
  CHECK(crc32c(0, std::string(32, '\0')) == 0x8a9136aau);
  CHECK(crc32c(0, std::string(32, '\xff')) == 0x62a8ab43u);
  const std::string text = "a text that is longer than eight bytes";
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    CHECK(crc32c(crc32c(0, text.substr(0, cut)), text.substr(cut)) == crc32c(0, text));
}

TEST_CASE("every part of a row changes its link") {
  const auto whole = link(7, 3, 2, "thought", "body");
  CHECK(whole != link(8, 3, 2, "thought", "body"));
  CHECK(whole != link(7, 4, 2, "thought", "body"));
  CHECK(whole != link(7, 3, 3, "thought", "body"));
  CHECK(whole != link(7, 3, 2, "though", "tbody"));
  CHECK(whole != link(7, 3, 2, "thought", "bodx"));
  CHECK(whole == link(7, 3, 2, "thought", "body"));
}
