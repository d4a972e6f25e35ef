#include "gateway/protocol/session_feed.h"

#include "runtime/base/limits.h"

#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::gateway;

namespace {

Frame frame_of(std::int64_t seq, std::string run = "r_1", std::string_view type = "thought",
               std::size_t size = 10) {
  return {std::make_shared<const std::string>(std::string(size, 'x')), seq, "s", std::move(run), type, 1};
}
Frame delta(std::string run = "r_1") {
  return frame_of(0, std::move(run), "thought.delta");
}

// A journal and a connection around one feed; the test decides when what is committed is published and read.
struct Script {
  std::vector<Frame> log;     // committed
  std::size_t published = 0;  // so many of them
  std::vector<std::int64_t> got;
  std::vector<std::string> got_runs;
  int deltas = 0;
  SessionFeed feed{[this](const Frame& frame) {
    if (frame.is_volatile()) {
      ++deltas;
    } else {
      got.push_back(frame.seq);
      got_runs.push_back(frame.run);
    }
  }};

  void commit(int n, std::string run = "r_1", std::string_view type = "thought", std::size_t size = 10) {
    for (int i = 0; i < n; ++i)
      log.push_back(frame_of(static_cast<std::int64_t>(log.size()) + 1, run, type, size));
  }
  void publish(std::size_t n = 1'000'000) {
    for (; n > 0 && published < log.size(); --n) feed.on_live(log[published++]);
  }
  std::vector<Frame> read(SessionFeed::Page page) const {
    std::vector<Frame> frames;
    for (const Frame& frame : log)
      if (frame.seq > page.after && frames.size() < page.limit) frames.push_back(frame);
    return frames;
  }
  // Delivers a page that was read before; false when the feed gives up.
  bool deliver(SessionFeed::Page page, const std::vector<Frame>& frames) {
    std::size_t bytes = 0;
    bool whole = true;
    for (const Frame& frame : frames) {
      bytes += frame.text->size();
      whole = feed.on_replayed(page, frame);
      if (!whole) break;
    }
    return feed.on_page_end(page, frames.size(), bytes, whole);
  }
  bool settle() {
    for (int i = 0; i < 10'000; ++i) {
      auto page = feed.wanted();
      if (!page) return true;
      if (!deliver(*page, read(*page))) return false;
    }
    return false;
  }
};

std::vector<std::int64_t> range(std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> all;
  for (; from <= to; ++from) all.push_back(from);
  return all;
}

}  // namespace

TEST_CASE("a session opened without after shows only what comes from now on") {
  Script script;
  script.commit(5);
  script.publish(3);  // two are committed and not yet published when the session is read
  script.feed.live_from(5);
  CHECK_FALSE(script.feed.wanted().has_value());
  script.commit(2);
  script.publish();
  CHECK(script.got == range(6, 7));
  script.feed.on_live(delta());
  CHECK(script.deltas == 1);
}

TEST_CASE("events between subscribing and reading the session are held, then shown once") {
  Script script;
  script.commit(7);
  script.publish();  // while opening
  CHECK(script.got.empty());
  script.feed.live_from(5);
  CHECK(script.got == range(6, 7));
}

TEST_CASE("a replay shows everything after, then goes on live, without gap or double") {
  Script script;
  script.commit(100);
  script.published = 100;
  script.feed.replay_from(20);
  auto page = script.feed.wanted();
  REQUIRE(page);
  CHECK(page->after == 20);
  auto frames = script.read(*page);
  script.commit(3);
  script.publish();  // live while the page is on its way: committed after it was read
  script.feed.on_live(delta());
  CHECK(script.got.empty());
  CHECK(script.deltas == 0);  // of a step whose beginning the client has not seen
  CHECK(script.deliver(*page, frames));
  CHECK(script.settle());
  CHECK(script.got == range(21, 103));
  script.commit(1);
  script.publish();
  script.feed.on_live(delta());
  CHECK(script.got.back() == 104);
  CHECK(script.deltas == 1);
}

TEST_CASE("replaying from the last seq, and an empty session, are live at once") {
  Script script;
  script.feed.replay_from(0);
  CHECK(script.settle());
  script.commit(1);
  script.publish();
  CHECK(script.got == range(1, 1));
}

TEST_CASE("so much happens during a replay that it cannot be held: it is read afterwards") {
  Script script;
  script.commit(10);
  script.published = 10;
  script.feed.replay_from(0);
  auto page = script.feed.wanted();
  auto frames = script.read(*page);
  script.commit(100, "r_1", "observation", limits::kHeldBytes / 10);
  script.publish();
  CHECK(script.deliver(*page, frames));
  CHECK(script.feed.wanted().has_value());
  CHECK(script.settle());
  CHECK(script.got == range(1, 110));
}

TEST_CASE("a live event that skips a seq makes the feed read what is missing") {
  Script script;
  script.feed.live_from(0);
  script.commit(5);
  script.publish(2);
  script.published = 4;  // two were lost on the way
  script.publish(1);
  CHECK(script.got == range(1, 2));
  CHECK(script.settle());
  CHECK(script.got == range(1, 5));
}

TEST_CASE("a journal that does not have what it published is given up, not asked for ever") {
  Script script;
  script.feed.live_from(0);
  script.feed.on_live(frame_of(3));
  CHECK_FALSE(script.settle());

  Script hole;
  hole.commit(5);
  hole.log.erase(hole.log.begin() + 2);
  hole.feed.replay_from(0);
  CHECK_FALSE(hole.settle());
  CHECK(hole.got == range(1, 2));
}

TEST_CASE("no run begins between a message and its ack; running ones go on") {
  Script script;
  script.feed.live_from(0);
  script.commit(1, "r_0", "run.started");
  script.publish();
  script.feed.expect_run();
  script.commit(2, "r_0");
  script.publish();
  script.feed.on_live(delta("r_0"));
  CHECK(script.got == range(1, 3));
  CHECK(script.deltas == 1);
  script.commit(1, "r_1", "run.started");
  script.commit(1, "r_0");
  script.publish();
  script.feed.on_live(delta("r_1"));
  CHECK(script.got == range(1, 3));
  CHECK(script.deltas == 1);
  script.feed.run_announced();
  CHECK(script.got == range(1, 5));
  CHECK(script.deltas == 2);
}

TEST_CASE("no run begins before its ack during a replay either") {
  Script script;
  script.commit(5, "r_0");
  script.commit(1, "r_1", "run.queued");
  script.commit(3, "r_1");
  script.published = script.log.size();
  script.feed.replay_from(0);
  script.feed.expect_run();
  CHECK(script.settle());  // it stops asking
  CHECK(script.got == range(1, 5));
  script.feed.run_announced();
  CHECK(script.settle());
  CHECK(script.got == range(1, 9));
}

TEST_CASE("a message that was refused lets everything go on") {
  Script script;
  script.feed.live_from(0);
  script.feed.expect_run();
  script.commit(2, "r_9", "run.started");  // somebody else's
  script.publish();
  CHECK(script.got.empty());
  script.feed.run_announced();
  CHECK(script.got == range(1, 2));
}

TEST_CASE("a duplicate shows its run again up to where the client is, then goes on live") {
  Script script;
  script.feed.live_from(0);
  script.commit(1, "r_1", "run.started");
  script.commit(1, "r_2", "run.started");
  for (int i = 0; i < 40; ++i) script.commit(1, i % 2 == 0 ? "r_1" : "r_2");
  script.publish();
  script.got.clear();
  script.got_runs.clear();

  script.feed.expect_run();
  script.feed.show_again("r_1", 1);
  script.feed.run_announced();
  auto page = script.feed.wanted();
  REQUIRE(page);
  auto frames = script.read(*page);
  script.commit(2, "r_1");
  script.publish();
  CHECK(script.got.empty());
  CHECK(script.deliver(*page, frames));
  CHECK(script.settle());
  REQUIRE(script.got.size() == 23);
  for (std::size_t i = 0; i < 21; ++i) CHECK(script.got_runs[i] == "r_1");
  CHECK(script.got.front() == 1);
  CHECK(std::vector(script.got.end() - 2, script.got.end()) == range(43, 44));
}

TEST_CASE("a run that is over is shown again to its end and not beyond") {
  Script script;
  script.commit(1, "r_1", "run.started");
  script.commit(3, "r_1");
  script.commit(1, "r_1", "run.finished");
  script.commit(50, "r_2");
  script.published = script.log.size();
  script.feed.live_from(55);
  script.feed.show_again("r_1", 1);
  script.feed.run_announced();
  CHECK(script.settle());
  CHECK(script.got == range(1, 5));
}

TEST_CASE("opened again with after, a live session is replayed from there") {
  Script script;
  script.feed.live_from(0);
  script.commit(5);
  script.publish();
  script.feed.replay_from(3);
  script.commit(1);
  script.publish();
  CHECK(script.settle());
  CHECK(script.got == std::vector<std::int64_t>{1, 2, 3, 4, 5, 4, 5, 6});
  script.feed.live_from(6);  // opened again without after: goes on where it is
  script.commit(1);
  script.publish();
  CHECK(script.got.back() == 7);
}

TEST_CASE("a page that was read for something else is void") {
  Script script;
  script.commit(50, "r_1");
  script.published = 50;
  script.feed.live_from(50);
  script.feed.show_again("r_1", 1);
  auto page = script.feed.wanted();
  auto frames = script.read(*page);
  script.feed.replay_from(48);  // opened again meanwhile
  CHECK_FALSE(script.feed.on_replayed(*page, frames[0]));
  CHECK(script.feed.on_page_end(*page, frames.size(), 1, false));
  CHECK(script.got.empty());
  CHECK(script.settle());
  CHECK(script.got.front() == 49);
}

TEST_CASE("pages grow with small events and shrink with large ones") {
  Script script;
  script.commit(2000);
  script.commit(40, "r_1", "observation", 64 << 10);
  script.published = script.log.size();
  script.feed.replay_from(0);
  std::size_t largest = 0;
  while (auto page = script.feed.wanted()) {
    auto frames = script.read(*page);
    std::size_t bytes = 0;
    for (const Frame& frame : frames) bytes += frame.text->size();
    largest = std::max(largest, bytes);
    REQUIRE(script.deliver(*page, frames));
  }
  CHECK(script.got == range(1, 2040));
  CHECK(script.feed.wanted() == std::nullopt);
}

TEST_CASE(
    "whatever the order of commits, publications, pages and messages, every event comes once and in order") {
  for (unsigned seed = 0; seed < 1000; ++seed) {
    std::mt19937 random(seed);
    const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    Script script;
    script.commit(static_cast<int>(random() % 80), "r_0");
    script.published = random() % (script.log.size() + 1);
    const auto after = static_cast<std::int64_t>(random() % (script.log.size() + 1));
    std::optional<SessionFeed::Page> page;
    std::vector<Frame> frames;
    bool opened = false;
    bool expecting = false;
    for (int step = 0; step < 200; ++step) {
      if (chance(20))
        script.commit(static_cast<int>(random() % 4), "r_0", chance(20) ? "run.started" : "thought",
                      chance(3) ? limits::kHeldBytes / 2 : 10);
      if (chance(40)) script.publish(random() % 5);
      if (!opened && chance(20)) script.feed.replay_from(after), opened = true;
      if (opened && chance(5)) script.feed.expect_run(), expecting = true;
      if (expecting && chance(20)) script.feed.run_announced(), expecting = false;
      if (chance(5)) script.feed.on_live(delta());
      if (!page && chance(50) && (page = script.feed.wanted())) frames = script.read(*page);
      if (page && chance(40)) {
        REQUIRE(script.deliver(*page, frames));
        page.reset();
      }
    }
    if (!opened) script.feed.replay_from(after);
    if (page) REQUIRE(script.deliver(*page, frames));
    script.feed.run_announced();
    script.publish();
    REQUIRE(script.settle());
    INFO("SEED=", seed);
    REQUIRE(script.got == range(after + 1, static_cast<std::int64_t>(script.log.size())));
  }
}
