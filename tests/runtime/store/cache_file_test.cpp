#include "runtime/store/cache_file.h"

#include "runtime/base/fault.h"
#include "runtime/store/sqlite.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::store;
using namespace std::chrono_literals;

namespace {

/// Stands where a test puts it.
class SetClock final : public Clock {
 public:
  Instant now() const override { return std::chrono::steady_clock::now(); }
  std::int64_t wall_ms() const override { return wall; }
  std::int64_t wall = 1'800'000'000'000;
};

struct Fixture {
  fakes::TempDir folder;
  std::string file = (folder.path() / "cache.db").string();
  SetClock clock;
  Loop loop{clock};
  Stop stop;

  std::optional<std::string> get(CacheFile& cache, std::string key, std::chrono::milliseconds ttl = 1h) {
    return fakes::run(loop, cache.get(std::move(key), ttl, stop));
  }
  bool exists(const std::string& end = "") const { return std::filesystem::exists(file + end); }
};

}  // namespace

TEST_CASE("a cache's file is made when it is first needed, and what was put is there after a restart") {
  Fixture f;
  {
    CacheFile cache(f.loop, f.file, 1u << 20, fakes::kMaxTestWait);
    CHECK_FALSE(f.exists());
    CHECK(f.get(cache, "k") == std::nullopt);
    CHECK(f.exists());
    cache.put("k", "v", 1h);
    CHECK(f.get(cache, "k") == "v");
    cache.put("last", "word", 1h);
  }
  CacheFile again(f.loop, f.file, 1u << 20, fakes::kMaxTestWait);
  CHECK(f.get(again, "last") == "word");
  f.clock.wall += 3'599'999;
  CHECK(f.get(again, "k") == "v");
  CHECK(f.get(again, "k", 1min) == std::nullopt);
  f.clock.wall += 1;
  CHECK(f.get(again, "k") == std::nullopt);
}

TEST_CASE("a cache stays within its size, which may change") {
  Fixture f;
  CacheFile cache(f.loop, f.file, 1u << 20, fakes::kMaxTestWait);
  for (int i = 0; i < 100; ++i) {
    f.clock.wall += 1;
    cache.put("k" + std::to_string(i), std::string(20'000, 'x'), 1h);
  }
  CHECK(f.get(cache, "k99").has_value());
  CHECK(f.get(cache, "k0") == std::nullopt);
  cache.resize(100'000);
  cache.put("one more", "x", 1h);
  CHECK(f.get(cache, "k99").has_value());
  CHECK(f.get(cache, "k90") == std::nullopt);
}

TEST_CASE("a cache's file that is damaged or somebody else's is set aside and begun anew") {
  for (const bool garbage : {true, false}) {
    CAPTURE(garbage);
    Fixture f;
    if (garbage)
      std::ofstream(f.file) << std::string(10'000, 'x');
    else
      REQUIRE(Database::open(f.file, Database::Mode::create)->execute("CREATE TABLE theirs (a)").has_value());
    CacheFile cache(f.loop, f.file, 1u << 20, fakes::kMaxTestWait);
    CHECK(f.get(cache, "k") == std::nullopt);
    CHECK(f.exists(".set-aside"));
    cache.put("k", "v", 1h);
    CHECK(f.get(cache, "k") == "v");
  }
}

TEST_CASE("a cache's file that is cut while it is open is nobody's error") {
  Fixture f;
  CacheFile cache(f.loop, f.file, 16u << 20, fakes::kMaxTestWait);
  for (int i = 0; i < 500; ++i) cache.put("k" + std::to_string(i), std::string(20'000, 'x'), 1h);
  CHECK(f.get(cache, "k1").has_value());
  std::filesystem::resize_file(f.file, 5000);
  for (int i = 0; i < 500; i += 50) (void)f.get(cache, "k" + std::to_string(i));
  cache.put("k", "v", 1h);
  cache.put("k", "v", 1h);
  CHECK(f.get(cache, "k") == "v");
}

TEST_CASE("a disk that is full turns a cache off, and not more") {
  Fixture f;
  CacheFile cache(f.loop, f.file, 1u << 20, fakes::kMaxTestWait);
  cache.put("before", "v", 1h);
  CHECK(f.get(cache, "before") == "v");
  REQUIRE(arm_faults("cache.put:1+:enospc").has_value());
  cache.put("k", "v", 1h);
  CHECK(f.get(cache, "k") == std::nullopt);
  CHECK(f.get(cache, "before") == std::nullopt);  // it rests
  REQUIRE(arm_faults("").has_value());
  CHECK_FALSE(f.exists(".set-aside"));
}

TEST_CASE("a cache that cannot have a file has nothing") {
  Fixture f;
  CacheFile cache(f.loop, (f.folder.path() / "no" / "folder" / "cache.db").string(), 1u << 20,
                  fakes::kMaxTestWait);
  cache.put("k", "v", 1h);
  CHECK(f.get(cache, "k") == std::nullopt);
}

TEST_CASE("who waits for a cache's file is let go by his stop") {
  Fixture f;
  CacheFile cache(f.loop, f.file, 1u << 20, fakes::kMaxTestWait);
  cache.put("k", "v", 1h);
  f.stop.request(StopReason::cancelled);
  CHECK(f.get(cache, "k") == std::nullopt);
}

TEST_CASE("a disk that is slow is waited for once, and asked again when it has answered") {
  Fixture f;
  CacheFile cache(f.loop, f.file, 1u << 20, 20ms);
  REQUIRE(arm_faults("cache.put:1:delay:1000").has_value());
  cache.put("k", "v", 1h);
  CHECK(f.get(cache, "k") == std::nullopt);
  const Instant before = f.clock.now();
  for (int i = 0; i < 100; ++i) CHECK(f.get(cache, "k") == std::nullopt);
  CHECK(f.clock.now() - before < 900ms);
  std::optional<std::string> found;
  const Instant until = f.clock.now() + fakes::kMaxTestWait;
  while (!found && f.clock.now() < until) {
    f.loop.context().restart();
    f.loop.context().run_for(5ms);
    found = f.get(cache, "k");
  }
  CHECK(found == "v");
  REQUIRE(arm_faults("").has_value());
}
