#include "agents/limits.h"
#include "runtime/async/nursery.h"
#include "tests/crash/crash_stage.h"
#include "tests/crash/witness.h"
#include "tests/fakes/run_loop.h"

#include <memory>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::crash;

namespace {

/// A run that ends the daemon whenever it is at work, and others that are slow enough to be there.
struct Company {
  explicit Company(std::string agent) {
    add({.name = "case-poison", .agent = std::move(agent), .steps = {{{kPoison, 1}}}});
    for (int i = 0; i < 5; ++i) {
      Plan plan = make_plan(fmt::format("case-beside-{}", i), static_cast<std::uint64_t>(i));
      plan.model_ms = 150;
      add(std::move(plan));
    }
  }
  void add(Plan plan) {
    stage.model.add(plan);
    all.push_back(std::make_unique<Witness>(loop, std::move(plan)));
  }
  const Witness& poisoned() const { return *all.front(); }

  /// One life of the daemon, as far as it goes.
  void live() {
    stage.start();
    auto clients = [this]() -> Task<> {
      Nursery nursery(loop);
      for (const auto& one : all)
        if (!one->finished())
          nursery.spawn("client", [&one, url = stage.daemon.url()] { return one->follow(url); });
      co_await nursery.join();
    };
    fakes::run(loop, clients());
  }
  bool done() const {
    for (const auto& one : all)
      if (!one->finished()) return false;
    return true;
  }

  CrashStage stage;
  SystemClock clock;
  Loop loop{clock};
  std::vector<std::unique_ptr<Witness>> all;
};

}  // namespace

TEST_CASE(
    "a run that ends the daemon at each start is set aside by the third, and all others come to their end") {
  std::string agent;
  SUBCASE("an agent's") {
    agent = "poisoned";
  }
  SUBCASE("a member's, with the run of its team") {
    agent = "crew";
  }
  Company company(agent);
  int crashes = 0;
  for (company.live(); !company.done(); company.live()) {
    CHECK(company.stage.daemon.process().wait().exit_code == 139);
    REQUIRE(++crashes < 2 * limits::kResumes);
  }
  CHECK(crashes == 1 + limits::kResumes);
  CHECK(crashes <= 3);  // restarts until it is up for good
  for (const auto& one : company.all) fakes::run(company.loop, one->read_again(company.stage.daemon.url()));
  std::size_t ends = 0;
  for (const Json& event : company.poisoned().events()) {
    if (string_or(event, "type") != "run.finished") continue;
    ++ends;
    CHECK(string_or(event, "status") == "failed");
    CHECK(string_or(event, "reason") == "quarantined");
  }
  CHECK(ends == (agent == "crew" ? 2 : 1));
  for (std::size_t i = 1; i < company.all.size(); ++i)
    for (const std::string& wrong : company.all[i]->violations(company.stage.ledger)) FAIL_CHECK(wrong);
  CHECK(company.stage.daemon.stop().exit_code == 0);
}
