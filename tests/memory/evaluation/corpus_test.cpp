#include "memory/evaluation/corpus.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

std::string problems_of(std::string_view text) {
  std::string all;
  for (const CaseProblem& problem : read_corpus(text).problems) all += shown(problem) + "\n";
  return all;
}

}  // namespace

TEST_CASE("documents are read under the names that published sets use") {
  const Corpus corpus = read_corpus(
      "\xEF\xBB\xBF{\"_id\": \"d1\", \"title\": \"Cats\", \"text\": \"Cats sleep.\", \"metadata\": "
      "{\"year\": "
      "2020, \"lang\": \"en\"}}\r\n"
      "\n"
      "{\"id\": 7, \"contents\": \"개는 잔다.\", \"lang\": \"ko\", \"tags\": [\"x\"]}\n"
      "{\"doc_id\": \"empty\", \"text\": \"\"}");
  CHECK(corpus.ok());
  REQUIRE(corpus.documents.size() == 3);
  CHECK(corpus.documents[0].id == "d1");
  CHECK(corpus.documents[0].title == "Cats");
  CHECK(dump(corpus.documents[0].metadata) == R"({"year":2020,"lang":"en"})");
  CHECK(corpus.documents[1].id == "7");
  CHECK(corpus.documents[1].line == 3);
  CHECK(corpus.documents[1].text == "개는 잔다.");
  CHECK(dump(corpus.documents[1].metadata) == R"({"lang":"ko"})");
  CHECK(corpus.documents[2].text.empty());
}

TEST_CASE("what is wrong with a line is told with its number, and the others are read") {
  const std::string text =
      "{\"id\": \"a\", \"text\": \"x\"}\n"
      "{\"id\": \"a\", \"text\": \"y\"}\n"
      "not json\n"
      "[1]\n"
      "{\"text\": \"z\"}\n"
      "{\"id\": \"b\"}\n"
      "{\"id\": \" \", \"text\": \"z\"}\n"
      "{\"id\": \"c\", \"text\": 3}\n"
      "{\"id\": \"d\", \"text\": \"w\"}\n";
  const Corpus corpus = read_corpus(text);
  CHECK_FALSE(corpus.ok());
  CHECK(corpus.documents.size() == 2);
  const std::string problems = problems_of(text);
  CHECK(problems.contains("line 2: has the id `a` of line 1"));
  CHECK(problems.contains("line 3: is no JSON"));
  CHECK(problems.contains("line 4: is [1]"));
  CHECK(problems.contains("line 5: has no `id`"));
  CHECK(problems.contains("line 6: has no `text`"));
  CHECK(problems.contains("line 7: has an `id` that is \" \""));
  CHECK(problems.contains("line 8: has a `text` that is 3"));
}

TEST_CASE("what is relevant and not in the corpus is remarked on") {
  const Corpus corpus = read_corpus("{\"id\": \"a\", \"text\": \"x\"}");
  const std::vector<RetrievalCase> cases{{.line = 1, .relevant = {{"a", 1}}},
                                         {.line = 2, .relevant = {{"a", 1}, {"b", 2}, {"c", 0}}}};
  const auto missing = missing_documents(cases, corpus);
  REQUIRE(missing.size() == 1);
  CHECK_FALSE(missing[0].fatal);
  CHECK(shown(missing[0]) == "line 2: `b` is relevant, but is no document of the corpus");
  RetrievalCase many{.line = 7};
  for (std::size_t i = 0; i < kCaseProblems + 3; ++i) many.relevant[fmt::format("x{}", i)] = 1;
  CHECK(missing_documents({many}, corpus).size() == kCaseProblems + 1);
  CHECK(shown(missing_documents({many}, corpus).back()) == "3 more documents are not there");
}

TEST_CASE("an empty corpus and many problems are one problem each") {
  CHECK(problems_of("\n \n") == "there is no document; one object a line was expected\n");
  std::string bad;
  for (std::size_t i = 0; i < kCaseProblems + 5; ++i) bad += "x\n";
  const Corpus corpus = read_corpus(bad);
  CHECK(corpus.problems.size() == kCaseProblems + 1);
  CHECK(shown(corpus.problems.back()) == "5 more problems");
  CHECK(problems_of(fmt::format("{{\"id\":\"a\",\"text\":\"{}\"}}", std::string(kCorpusLineBytes, 'x')))
            .contains("a line has at most"));
}
