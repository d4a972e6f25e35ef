#include "memory/evaluation/report.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

TEST_CASE("figures stand in columns") {
  const std::vector<Measure> measures = {{"exact match", Estimate{0.5, 0.25, 0.75, 12}},
                                         {"F1", Estimate{0.61234, 0.4, 1, 12}}};
  CHECK(report_table(measures) ==
        "MEASURE       VALUE    95 % INTERVAL   N\n"
        "exact match  0.5000  0.2500 - 0.7500  12\n"
        "F1           0.6123  0.4000 - 1.0000  12\n");
}

TEST_CASE("cases that were left out and notes have a column where there are any") {
  const std::vector<Measure> measures = {{"nDCG@10", Estimate{0.9, 0.8, 1, 100}, 4, 3},
                                         {"BLEU", Estimate{31.25, 29, 33.5, 103}, 1, 0, "nrefs:1|case:mixed"},
                                         {"größe", std::nullopt}};
  CHECK(report_table(measures) ==
        "MEASURE   VALUE    95 % INTERVAL    N  LEFT OUT  NOTE\n"
        "nDCG@10  0.9000  0.8000 - 1.0000  100         3\n"
        "BLEU       31.2      29.0 - 33.5  103            nrefs:1|case:mixed\n"
        "größe         -                -    0\n");
}

TEST_CASE("as JSON numbers are whole, and absent ones are null") {
  const Json json =
      report_json({{"F1", Estimate{0.61234, 0.4, 1, 12}, 2}, {"BLEU", std::nullopt, 1, 4, "none"}});
  CHECK(dump(json) ==
        R"({"measures":[{"name":"F1","value":0.61234,"low":0.4,"high":1.0,"n":12},)"
        R"({"name":"BLEU","value":null,"low":null,"high":null,"n":0,"left_out":4,"note":"none"}]})");
  CHECK(dump(report_json({})) == R"({"measures":[]})");
  CHECK(report_table({}) == "MEASURE  VALUE  95 % INTERVAL  N\n");
}
