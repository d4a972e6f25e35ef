#include "app/usage_table.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::app;

TEST_CASE("numbers stand under each other, and several rows have a sum") {
  const std::vector<store::UsageRow> rows{
      {"2026-11-28", {.calls = 2, .input_tokens = 999, .output_tokens = 10, .cost = 0.5}},
      {"2026-11-29",
       {.calls = 1'000, .input_tokens = 1'234'567, .output_tokens = 1'000, .cached_tokens = 7, .cost = 12}}};
  CHECK(usage_table(rows, "day") ==
        "DAY         CALLS      INPUT  OUTPUT  CACHED       COST\n"
        "2026-11-28      2        999      10       0   0.500000\n"
        "2026-11-29  1,000  1,234,567   1,000       7  12.000000\n"
        "all         1,002  1,235,566   1,010       7  12.500000\n");
  CHECK(usage_table({{"", {.calls = 1}}}, "model") ==
        "MODEL  CALLS  INPUT  OUTPUT  CACHED      COST\n"
        "-          1      0       0       0  0.000000\n");
}

TEST_CASE("a row as JSON names its key by what was added up") {
  const Json row =
      usage_json(store::UsageRow{"acme", {.calls = 1, .input_tokens = 5, .cost = 0.25}}, "tenant");
  CHECK(dump(row) ==
        R"({"tenant":"acme","calls":1,"input_tokens":5,"output_tokens":0,"cached_tokens":0,"cost":0.25})");
}

TEST_CASE("every word adds up by itself, and a day is one of a calendar") {
  for (const std::string& word : usage_words())
    CHECK((word == "day" || usage_by(word) != store::UsageBy::day));
  for (const char* good : {"2026-11-29", "2024-02-29", "1999-12-31"}) CHECK(is_day(good));
  for (const char* bad : {"", "2026", "2026-11-9", "2026-13-01", "2025-02-29", "2026-00-10", "2026/11/29",
                          "2026-11-29T", "-026-11-29", "2026-1a-29", "20261-1-29"})
    CHECK_MESSAGE(!is_day(bad), bad);
}
