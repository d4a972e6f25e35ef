#include "tools/mcp/said.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools::mcp;

TEST_CASE("secrets are masked in every text and key of what a server says") {
  Secrets secrets;
  secrets.add("s3cret");
  Json said = {
      {"text", "the key is s3cret"}, {"list", {"s3cret", 7, {{"s3cret", true}}}}, {"free", "speech"}};
  mask(said, secrets);
  CHECK(dump(said) == R"({"text":"the key is ***","list":["***",7,{"***":true}],"free":"speech"})");
  mask(said, Secrets());
  CHECK(said["free"] == "speech");
}

TEST_CASE("a page becomes one line, and a long one is cut between characters") {
  CHECK(one_line("<html>\r\n\t<b>No</b>\n\n", 100) == "<html> <b>No</b>");
  CHECK(one_line("  ", 10).empty());
  CHECK(one_line("héllo", 2) == "h…");
}

TEST_CASE("a sentence is put behind a text whatever that ends in") {
  CHECK(with_sentence("waiting for the server...", "Whether it came is not known") ==
        "waiting for the server. Whether it came is not known");
  CHECK(with_sentence("gone", "Go on") == "gone. Go on");
}

TEST_CASE("numbers of progress are written as people do") {
  CHECK(plain_number(3) == "3");
  CHECK(plain_number(2.5) == "2.5");
  CHECK(plain_number(1234567) == "1234567");
  CHECK(plain_number(3456789.25) == "3456789");
  CHECK(plain_number(-4) == "-4");
  CHECK(plain_number(1e300) == "1e+300");
}
