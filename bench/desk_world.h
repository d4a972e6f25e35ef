#pragma once

#include "agents/runs/run_desk.h"
#include "bench/counting_journal.h"
#include "bench/measure.h"
#include "runtime/async/one_shot.h"
#include "runtime/bus/local_bus.h"

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>

namespace troupe::bench {

/// One process of the daemon without its gateway, in a directory of its own.
class World {
 public:
  World(const std::string& root, std::size_t runs, std::shared_ptr<const agents::Catalog> catalog) {
    std::filesystem::remove_all(root);
    auto opened = store::open_sqlite_journal(loop, {.path = root});
    expect(opened.has_value(), "the journal");
    sqlite_ = std::move(*opened);
    journal = std::make_unique<CountingJournal>(*sqlite_);
    bus_ = bus::make_local_bus(loop, *journal);
    desk = agents::make_run_desk(loop, *journal, *bus_, rng_,
                                 {.runs_max = runs, .runs_per_tenant_max = runs, .queue_max = runs},
                                 std::move(catalog));
  }

  /// Runs the loop until `body` is through.
  template <class Body>
  void run(Body body) {
    bool done = false;
    boost::asio::co_spawn(
        loop.context(),
        [&]() -> Task<> {
          co_await body();
          done = true;
          loop.halt();
        },
        [](std::exception_ptr error) { expect(!error, "an exception"); });
    loop.context().restart();
    loop.run();
    expect(done, "the loop had nothing left to do");
  }
  Task<std::string> open(std::string target) {
    auto session = co_await desk->open_session(kWho, "", std::move(target));
    expect(session.has_value(), "a session");
    co_return session->id;
  }
  Task<std::string> submit(std::string session, std::string text) {
    auto accepted = co_await desk->submit({.principal = kWho, .session = std::move(session), .text = text});
    expect(accepted.has_value(), accepted ? "" : accepted.error().message);
    co_return accepted->run;
  }
  Task<> quiet() {
    Stop never;
    while (desk->status().running + desk->status().queued > 0)
      (void)co_await loop.sleep_for(Milliseconds(1), never);
  }
  void end() {
    run([&]() -> Task<> {
      co_await desk->drain(Milliseconds(0));
      co_await journal->close();
    });
  }

  static inline const Principal kWho{"bench", "default"};
  SystemClock clock;
  Loop loop{clock};
  std::unique_ptr<CountingJournal> journal;
  std::unique_ptr<agents::LocalRunDesk> desk;

 private:
  SystemRng rng_;
  std::unique_ptr<store::Journal> sqlite_;
  std::unique_ptr<bus::Bus> bus_;
};

/// Set when a run's end is published.
class End final : public store::Subscriber {
 public:
  End(Loop& loop, std::string run) : ended(loop), run_(std::move(run)) {}
  OneShot<bool> ended;

 private:
  void on_frame(const Frame& frame) override {
    if (frame.type == "run.finished" && frame.run == run_) ended.set(true);
  }
  std::string run_;
};

/// Asks a run to stop and waits for its end: how long that took, in milliseconds.
inline Task<double> cancelled(World& world, std::string session, std::string run) {
  End end(world.loop, run);
  const auto subscription = world.journal->subscribe(session, end);
  const auto begin = SteadyClock::now();
  expect((co_await world.desk->cancel(World::kWho, run, agents::CancelMode::now)).has_value(), "cancel");
  co_await end.ended.wait();
  co_return ms_since(begin);
}

}  // namespace troupe::bench
