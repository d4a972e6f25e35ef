#include "memory/knowledge/keyword/keyword.h"
#include "runtime/base/json.h"
#include "tests/fakes/fixtures.h"
#include "tests/memory/knowledge/keyword/full_text_table.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using troupe::memory::testing::FullTextTable;

namespace {

struct Figures {
  int questions = 0;
  double ndcg = 0, recall = 0;  // at 10
};

/// What is found of the texts in one language of a fixture.
Figures figures_of(const std::string& fixture, const std::string& lang) {
  FullTextTable table;
  std::map<std::string, std::int64_t> rows;
  Figures sums;
  std::istringstream lines(fakes::read_fixture("retrieval/" + fixture));
  for (std::string line; std::getline(lines, line);) {
    const Json record = Json::parse(line);
    if (record["lang"] != lang) continue;
    const std::string text = record["text"];
    if (record["kind"] == "text") {
      table.add(memory::keyword_terms(record["title"].get<std::string>() + "\n" + text));
      rows.emplace(record["id"], rows.size() + 1);
      continue;
    }
    std::vector<std::int64_t> relevant;
    for (const Json& id : record["of"]) relevant.push_back(rows.at(id));
    const auto found = table.find(memory::keyword_query(text), 10);
    double gain = 0, ideal = 0;
    int hits = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (std::ranges::find(relevant, found[i]) == relevant.end()) continue;
      gain += 1 / std::log2(static_cast<double>(i) + 2);
      ++hits;
    }
    for (std::size_t i = 0; i < relevant.size(); ++i) ideal += 1 / std::log2(static_cast<double>(i) + 2);
    ++sums.questions;
    sums.ndcg += gain / ideal;
    sums.recall += static_cast<double>(hits) / static_cast<double>(relevant.size());
  }
  sums.ndcg /= sums.questions;
  sums.recall /= sums.questions;
  return sums;
}

}  // namespace

// The bounds are what an independent BM25 (k1 1.2, b 0.75, no stemming, pairs of characters for Chinese and
// Korean, the better of Lucene's and FTS5's idf) finds on the same texts.
TEST_CASE("questions find their texts by keywords at least as well as by a plain BM25") {
  struct Bound {
    std::string fixture;
    std::string lang;
    int questions;
    double ndcg, recall;
  };
  for (const Bound& bound :
       {Bound{"hotpotqa.jsonl.gz", "en", 140, 0.7965, 0.9},
        Bound{"xquad.jsonl.gz", "en", 821, 0.9629, 0.9927}, Bound{"xquad.jsonl.gz", "es", 821, 0.9523, 0.989},
        Bound{"xquad.jsonl.gz", "zh", 821, 0.965, 0.9939},
        Bound{"klue_nli.jsonl.gz", "ko", 478, 0.9785, 0.9895}}) {
    CAPTURE(bound.fixture);
    CAPTURE(bound.lang);
    const Figures figures = figures_of(bound.fixture, bound.lang);
    MESSAGE(bound.fixture << " " << bound.lang << ": nDCG@10 " << figures.ndcg << ", recall@10 "
                          << figures.recall);
    CHECK(figures.questions == bound.questions);
    CHECK(figures.ndcg >= bound.ndcg);
    CHECK(figures.recall >= bound.recall);
  }
}
