#include "runtime/store/sqlite.h"
#include "tests/crash/crash_stage.h"
#include "tests/crash/witness.h"
#include "tests/fakes/run_loop.h"

#include <cstdlib>
#include <iterator>
#include <string_view>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::crash;

std::string troupe::e2e::program() {
  return TROUPE_PROGRAM;
}

namespace {

/// What a run has on disk, in the order of docs/journal.md, and the one place where something happened that
/// is not on disk yet.
constexpr const char* kBoundaries[] = {"run.started",      "model.intent",     "model.reply",
                                       "tool.dispatched",  "tool.returned",    "observation",
                                       "approval.pending", "approval.decided", "run.finished"};
/// Handed to the writer, before its transaction, before and after its commit, and after it was published.
constexpr const char* kPlaces[] = {"journal.queue", "journal.begin", "journal.commit", "journal.committed",
                                   "journal.posted"};

std::string fault_at(std::string_view boundary, int seed) {
  const bool often = boundary == "model.intent" || boundary == "model.reply" || boundary == "observation";
  const int nth = often ? 1 + seed / static_cast<int>(std::size(kPlaces)) % 2 : 1;
  if (boundary == "tool.returned") return fmt::format("tool.returned:{}:exit137", 1 + seed % 2);
  return fmt::format("{}/{}:{}:exit137", kPlaces[static_cast<std::size_t>(seed) % std::size(kPlaces)],
                     boundary, nth);
}

std::int64_t count(store::Database& database, const char* sql) {
  auto value = database.integer(sql);
  REQUIRE(value);
  return value->value_or(-1);
}

// What `tool.dispatched` and `run.finished` say of each call and run, over everything that was run.
void check_store(const std::string& folder) {
  auto database = store::Database::open(folder + "/journal.db", store::Database::Mode::read);
  REQUIRE(database);
  CHECK(count(*database, "SELECT count(*) FROM runs WHERE finished_ms = 0") == 0);
  CHECK(count(*database,
              "SELECT count(*) FROM (SELECT 1 FROM facts WHERE kind = 'tool.dispatched' GROUP BY "
              "json_extract(body, '$.key') HAVING count(*) > 1)") == 0);
  CHECK(count(*database,
              "SELECT count(*) FROM (SELECT 1 FROM events WHERE type = 'run.finished' GROUP BY run HAVING "
              "count(*) > 1)") == 0);
  CHECK(count(*database,
              "SELECT count(*) FROM (SELECT session, count(*) AS n, max(seq) AS last FROM events "
              "GROUP BY session) WHERE n <> last") == 0);
}

}  // namespace

// Some of them again: TROUPE_CRASH_ONLY=model.reply-5, with as many seeds as when it failed.
TEST_CASE("kill -9 at every boundary of a run loses nothing, repeats nothing and ends as it would have") {
  const int seeds = rounds("TROUPE_CRASH_SEEDS", 2);
  CrashStage stage;
  int cases = 0;
  std::size_t unknown = 0;
  for (const char* boundary : kBoundaries) {
    for (int seed = 0; seed < seeds; ++seed) {
      const std::string name = fmt::format("case-{}-{}", boundary, seed);
      ++cases;
      if (const char* only = std::getenv("TROUPE_CRASH_ONLY"); only && !name.contains(only)) continue;
      const std::string fault = fault_at(boundary, seed);
      CAPTURE(fault);
      CAPTURE(seed);
      const bool asked = std::string_view(boundary).starts_with("approval.");
      Plan plan =
          make_plan(name, static_cast<std::uint64_t>(seed) * 1000 + static_cast<std::uint64_t>(cases) - 1,
                    asked ? People::asked : People::as_it_comes);
      stage.model.add(plan);
      stage.ledger.delay([ms = plan.ledger_ms](const Json& body) {
        return std::chrono::milliseconds(ms * (body["x"] == 1));
      });
      SystemClock clock;
      Loop loop(clock);
      Witness witness(loop, std::move(plan));
      stage.start(fault);
      fakes::run(loop, witness.follow(stage.daemon.url()));
      CHECK(stage.daemon.process().wait().exit_code == 137);
      stage.start();
      if (!witness.finished()) fakes::run(loop, witness.follow(stage.daemon.url()));
      REQUIRE(witness.finished());
      fakes::run(loop, witness.read_again(stage.daemon.url()));
      for (const std::string& wrong : witness.violations(stage.ledger)) FAIL_CHECK(wrong);
      unknown += witness.unknown();
      CHECK(stage.daemon.stop().exit_code == 0);
    }
  }
  for (const std::string& problem : stage.model.problems()) FAIL_CHECK(problem);
  check_store(stage.daemon.store());
  if (!std::getenv("TROUPE_CRASH_ONLY")) CHECK(unknown > 0);
  MESSAGE(cases, " crashes, ", unknown, " calls told as unknown");
}
