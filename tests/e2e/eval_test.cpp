#include "runtime/base/json.h"
#include "tests/e2e/daemon.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;

namespace {

constexpr const char* kTeam = R"(
models: { local: { provider: builtin } }
tools: { calculator: { type: calculator } }
agents:
  clerk: { model: local, tools: [calculator] }
  asker: { model: local, tools: [calculator], approve: [calculator] }
default: clerk
)";

constexpr const char* kSums =
    "{\"id\": \"percent\", \"question\": \"What is 17.5% of 2480, plus 12^3?\", \"expected\": \"2162\"}\n"
    "\n"
    "{\"question\": \"What is 6 * 7?\", \"answers\": [\"forty-two\", 42]}\n"
    "{\"question\": \"What is 1 + 1?\", \"expected\": 3}\n";

constexpr const char* kCorpus =
    "{\"_id\": \"leave\", \"title\": \"Leave\", \"text\": \"Employees have 25 days of annual leave.\"}\n"
    "{\"_id\": \"travel\", \"title\": \"Travel\", \"text\": \"Trains are booked by the office.\", \"lang\": "
    "\"en\"}\n"
    "{\"_id\": \"휴가\", \"title\": \"휴가\", \"text\": \"연차 휴가는 매년 25일입니다.\", \"lang\": "
    "\"ko\"}\n";
constexpr const char* kQueries =
    "{\"id\": \"q1\", \"query\": \"How many days of leave do employees have?\", \"relevant\": [\"leave\"]}\n"
    "{\"id\": \"q2\", \"query\": \"Who books trains?\", \"relevant\": {\"travel\": 2, \"leave\": 0}}\n"
    "{\"id\": \"q3\", \"query\": \"휴가\", \"relevant\": [\"휴가\"]}\n";

struct Bench {
  Daemon daemon{kTeam};
  fakes::TempDir folder;

  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(path(name)) << text;
    return path(name);
  }
  std::string path(const std::string& name) { return (folder.path() / name).string(); }
  std::vector<Json> lines(const std::string& name) {
    std::ifstream in(path(name));
    std::vector<Json> all;
    for (std::string line; std::getline(in, line);) all.push_back(parse_json(line).value());
    return all;
  }
  fakes::Outcome eval(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"eval", "-c", daemon.config()});
    return daemon.run(std::move(arguments));
  }
};

Json figures(const fakes::Outcome& outcome) {
  auto json = parse_json(outcome.out);
  REQUIRE_MESSAGE(json.has_value(), outcome.out, outcome.err);
  return *json;
}

double value_of(const Json& measured, std::string_view name) {
  for (const Json& measure : measured["measures"])
    if (measure["name"] == name) return measure["value"].get<double>();
  FAIL("there is no measure " << name);
  return -1;
}

}  // namespace

TEST_CASE("questions are asked, and their answers held against what was expected") {
  Bench bench;
  const std::string sums = bench.file("sums.jsonl", kSums);
  auto table = bench.eval({sums, "--samples", bench.path("samples.jsonl")});
  CHECK_MESSAGE(table.exit_code == 0, table.err);
  CHECK(table.out.contains("exact match  0.6667"));
  CHECK(table.out.contains("3 questions, 0 failed;"));
  CHECK_FALSE(table.err.contains("\r"));  // no bar without a terminal

  const auto samples = bench.lines("samples.jsonl");
  REQUIRE(samples.size() == 3);
  CHECK(samples[0]["id"] == "percent");
  CHECK(samples[0]["answer"] == "2162");
  CHECK(samples[0]["scores"]["exact_match"] == 1);
  CHECK(samples[1]["id"] == "line 3");
  CHECK(samples[2]["answer"] == "2");
  CHECK(samples[2]["scores"]["f1"] == 0);
  auto shown = bench.daemon.run({"runs", "show", "-c", bench.daemon.config(), samples[0]["run"]});
  CHECK(shown.exit_code == 0);

  const Json json = figures(bench.eval({sums, "--json", "--limit", "2"}));
  CHECK(json["answers"]["questions"] == 2);
  CHECK(value_of(json["answers"], "exact match") == 1);
  CHECK(value_of(json["answers"], "ROUGE-1") == 1);
}

TEST_CASE("a run that cannot answer counts as an empty answer, and the exit code tells") {
  Bench bench;
  const std::string sums = bench.file("sums.jsonl", kSums);
  auto needs = bench.eval({sums, "--target", "asker", "--json"});
  CHECK(needs.exit_code == 1);
  CHECK(figures(needs)["answers"]["failed"] == 3);
  CHECK(value_of(figures(needs)["answers"], "F1") == 0);
  CHECK(needs.err.contains(sums + ":1: no answer: a person would have to allow the call of `calculator`"));

  auto nobody = bench.eval({sums, "--target", "clark"});
  CHECK(nobody.exit_code == 2);
  CHECK(nobody.err.contains("clark"));
  CHECK(nobody.out.empty());
}

TEST_CASE("a daemon that holds the store is asked") {
  Bench bench;
  const std::string sums = bench.file("sums.jsonl", kSums);
  bench.daemon.start();
  const Json json = figures(bench.eval({sums, "--json", "--jobs", "2"}));
  CHECK(value_of(json["answers"], "exact match") == doctest::Approx(2.0 / 3));
  auto by_url = bench.daemon.run({"eval", sums, "--url", bench.daemon.url(), "--json"});
  CHECK(value_of(figures(by_url)["answers"], "exact match") == doctest::Approx(2.0 / 3));
  bench.daemon.stop();
  auto gone = bench.daemon.run({"eval", sums, "--url", bench.daemon.url()});
  CHECK(gone.exit_code == 1);
  CHECK(gone.err.contains(bench.daemon.url()));
}

TEST_CASE("interrupted, it tells what was done until then") {
  Bench bench;
  std::string many;
  for (int i = 0; i < 5'000; ++i)
    many += fmt::format("{{\"question\":\"What is {0} * 2?\",\"expected\":{1}}}\n", i, 2 * i);
  const std::string file = bench.file("many.jsonl", many);
  fakes::Process process(
      {program(), "eval", "-c", bench.daemon.config(), file, "--samples", "/dev/stdout", "--jobs", "2"});
  CHECK(process.line().contains("What is 0 * 2?"));
  process.signal(SIGINT);
  auto outcome = process.wait();
  CHECK(outcome.exit_code == 130);
  CHECK(outcome.out.contains("exact match  1.0000"));
  CHECK(outcome.out.contains("0 failed;"));
  CHECK_FALSE(outcome.out.contains("5000 questions"));

  std::string queries;
  for (int i = 0; i < 5'000; ++i)
    queries += fmt::format("{{\"query\":\"trains of line {}\",\"relevant\":[\"travel\"]}}\n", i);
  fakes::Process searching({program(), "eval", "-c", bench.daemon.config(), "--corpus",
                            bench.file("corpus.jsonl", kCorpus), "--samples", "/dev/stdout", "--mode",
                            "keyword", bench.file("queries.jsonl", queries)});
  CHECK(searching.line().contains("trains of line 0"));
  searching.signal(SIGINT);
  outcome = searching.wait();
  CHECK(outcome.exit_code == 130);
  CHECK(outcome.out.contains("corpus     keyword  1.0000"));
  CHECK_FALSE(outcome.err.contains("cancelled"));
}

TEST_CASE("searches are measured on a corpus of one's own, several ways beside each other") {
  Bench bench;
  const std::string queries = bench.file("queries.jsonl", kQueries);
  const std::string corpus = bench.file("corpus.jsonl", kCorpus);
  auto table = bench.eval({queries, "--corpus", corpus, "--all-modes", "--samples", bench.path("s.jsonl")});
  CHECK_MESSAGE(table.exit_code == 0, table.err);
  CHECK(table.out.starts_with("KNOWLEDGE  MODE        NDCG@10"));
  for (const char* mode : {"similarity", "keyword", "hybrid", "mmr"})
    CHECK(table.out.contains(fmt::format("corpus     {:10}  1.0000 (1.000-1.000)", mode)));
  CHECK(table.err.contains("corpus: 3 added"));
  const auto samples = bench.lines("s.jsonl");
  REQUIRE(samples.size() == 12);
  CHECK(samples[5]["mode"] == "keyword");
  CHECK(samples[5]["id"] == "q3");
  CHECK(dump(samples[4]["relevant"]) == R"({"travel":1})");
  CHECK_FALSE(std::filesystem::exists(bench.daemon.store() + "/knowledge.db"));

  const Json json = figures(bench.eval(
      {"--corpus", corpus, "--filter", "lang=ko", "-k", "1", "--json", "--mode", "keyword", queries}));
  CHECK(value_of(json["retrieval"][0], "recall@1") == doctest::Approx(1.0 / 3));
}

TEST_CASE("searches are measured on a base that documents were taken into; files are named by their names") {
  Bench bench;
  bench.daemon.rewrite(std::string(kTeam) + "knowledge: { handbook: { search: { mode: keyword } } }\n");
  const std::string leave = bench.file("leave.md", "# Leave\n\nEmployees have 25 days of annual leave.\n");
  const std::string travel = bench.file("travel.md", "# Travel\n\nTrains are booked by the office.\n");
  CHECK(bench.daemon.run({"knowledge", "add", "-c", bench.daemon.config(), "handbook", leave, travel})
            .exit_code == 0);
  const std::string queries =
      bench.file("queries.jsonl",
                 "{\"query\": \"annual leave\", \"relevant\": [\"leave.md\"]}\n"
                 "{\"query\": \"trains\", \"relevant\": [\"Travel\"], \"knowledge\": \"handbook\"}\n"
                 "{\"query\": \"office\", \"relevant\": [\"" +
                     travel +
                     "\"]}\n"
                     "{\"question\": \"What is 2 + 2?\", \"expected\": \"4\"}\n");
  auto both = bench.eval({queries, "--json"});
  CHECK_MESSAGE(both.exit_code == 0, both.err);
  const Json json = figures(both);
  CHECK(value_of(json["answers"], "exact match") == 1);
  CHECK(json["retrieval"][0]["mode"] == "keyword");
  CHECK(value_of(json["retrieval"][0], "nDCG@10") == 1);
}

TEST_CASE("wrong use is answered with its place and what to do") {
  Bench bench;
  const std::string sums = bench.file("sums.jsonl", kSums);
  const std::string queries = bench.file("queries.jsonl", kQueries);
  const std::string corpus = bench.file("corpus.jsonl", kCorpus);
  const std::string broken = bench.file("broken.jsonl", "{\"question\": \"a\", \"expectd\": 1}\nnot json\n");
  auto refused = [&](std::vector<std::string> arguments, const std::string& message) {
    CAPTURE(message);
    auto outcome = bench.eval(std::move(arguments));
    CHECK(outcome.exit_code == 2);
    CHECK_MESSAGE(outcome.err.contains(message), outcome.err);
    CHECK(outcome.out.empty());
  };
  refused({broken}, broken + ":1: error: there is neither `expected`");
  refused({broken}, broken + ":2: error: is no JSON");
  refused({broken}, "did you mean `expected`?");
  refused({bench.path("none.jsonl")}, bench.path("none.jsonl") + ": no such file");
  refused({queries}, queries + ":1: the configuration has no knowledge base");
  refused({queries, "--knowledge", "handbook"}, "handbook");
  refused({sums, "--knowledge", "handbook"}, "--knowledge is for questions with `relevant`");
  refused({queries, "--corpus", broken}, broken + ":1: error: has no `id`");
  refused({queries, "--corpus", corpus, "--mode", "threshold"}, "`min_score` is missing");
  refused({queries, "--corpus", corpus, "--mode", "fuzzy"}, "fuzzy");
  refused({queries, "--corpus", corpus, "--mode", "mmr", "--lambda", "2"}, "`lambda` is 2");
  refused({queries, "--corpus", corpus, "--filter", "=3"}, "filter");
  refused({sums, "--jobs", "0"}, "--jobs");
  refused({sums, "--samples", bench.path("no/folder/s.jsonl")}, "--samples");
  auto url = bench.daemon.run({"eval", queries, "--url", "http://127.0.0.1:1"});
  CHECK(url.exit_code == 2);
  CHECK(url.err.contains("leave --url out"));

  const std::string elsewhere =
      bench.file("elsewhere.jsonl", "{\"query\": \"trains\", \"relevant\": [\"bus\"]}\n");
  auto missing = bench.eval({elsewhere, "--corpus", corpus});
  CHECK(missing.exit_code == 0);
  CHECK(missing.err.contains(elsewhere + ":1: warning: `bus` is relevant, but is no document of the corpus"));
}
