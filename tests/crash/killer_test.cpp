#include "runtime/async/nursery.h"
#include "tests/crash/crash_stage.h"
#include "tests/crash/witness.h"
#include "tests/fakes/run_loop.h"

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::crash;

namespace {

constexpr std::size_t kAtWork = 50;
constexpr int kMostMs = 800;  // from its first breath to its end

/// Many clients of one daemon that is ended again and again.
class Crowd {
 public:
  explicit Crowd(CrashStage& stage, std::uint64_t seed) : stage_(stage), random_(seed) {}

  /// One life: all who have something to wait for are there, until it is ended at some instant.
  void live_and_die() {
    refill();
    stage_.start();
    fakes::run(loop_, life(static_cast<int>(random_() % kMostMs)));
    CHECK(stage_.daemon.process().wait().exit_code == 128 + SIGKILL);
  }
  /// The last one, up to the end of all runs; then everybody reads again what there is.
  void live_on() {
    stage_.start();
    fakes::run(loop_, life(-1));
    for (const auto& one : all_) {
      REQUIRE_MESSAGE(one->finished(), one->plan().name, " never ended");
      fakes::run(loop_, one->read_again(stage_.daemon.url()));
    }
  }
  const std::vector<std::unique_ptr<Witness>>& all() const { return all_; }

 private:
  void refill() {
    for (auto open = std::ranges::count_if(all_, [](const auto& one) { return !one->finished(); });
         open < static_cast<std::ptrdiff_t>(kAtWork); ++open) {
      Plan plan = make_plan(fmt::format("case-{}", all_.size()), random_());
      plan.model_ms += 20;
      stage_.model.add(plan);
      all_.push_back(std::make_unique<Witness>(loop_, std::move(plan)));
    }
  }

  Task<> life(int ms) {
    Nursery clients(loop_);
    for (const auto& one : all_)
      if (!one->finished())
        clients.spawn("client", [&one, url = stage_.daemon.url()] { return one->follow(url); });
    if (ms >= 0) {
      Stop never;
      co_await loop_.sleep_for(Milliseconds(ms), never);
      stage_.daemon.process().signal(SIGKILL);
    }
    co_await clients.join();
  }

  CrashStage& stage_;
  std::mt19937_64 random_;
  SystemClock clock_;
  Loop loop_{clock_};
  std::vector<std::unique_ptr<Witness>> all_;
};

}  // namespace

TEST_CASE(
    "fifty runs at work, ended by kill -9 at any instant, again and again: all come to their end once") {
  const int kills = rounds("TROUPE_KILLS", 10);
  CrashStage stage;
  Crowd crowd(stage, 20261129);
  for (int kill = 0; kill < kills; ++kill) crowd.live_and_die();
  crowd.live_on();
  std::size_t unknown = 0;
  for (const auto& one : crowd.all()) {
    for (const std::string& wrong : one->violations(stage.ledger)) FAIL_CHECK(wrong);
    unknown += one->unknown();
  }
  for (const std::string& problem : stage.model.problems()) FAIL_CHECK(problem);
  CHECK(stage.daemon.stop().exit_code == 0);
  MESSAGE(kills, " kills, ", crowd.all().size(), " runs, ", stage.ledger.entries().size(), " effects, ",
          unknown, " calls told as unknown");
}
