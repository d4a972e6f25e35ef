#include "models/cache/memory_cache.h"

#include "tests/models/call.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using namespace std::chrono_literals;

namespace {

class SetClock final : public Clock {
 public:
  Instant now() const override { return at; }
  std::int64_t wall_ms() const override { return 0; }
  Instant at{};
};

struct Fixture {
  SetClock clock;
  SystemClock real;
  Loop loop{real};
  Stop stop;

  std::string get(MemoryCache& cache, std::string key, std::chrono::milliseconds ttl = 1h) {
    auto reply = fakes::run(loop, cache.get(std::move(key), ttl, stop));
    return reply ? reply->text : "-";
  }
  static void put(MemoryCache& cache, const std::string& key, std::string text,
                  std::chrono::milliseconds ttl = 1h) {
    ModelReply reply;
    reply.text = std::move(text);
    cache.put(key, std::make_shared<const ModelReply>(std::move(reply)), ttl);
  }
};

}  // namespace

TEST_CASE("a reply is found in memory until it is too old for who asks or for who put it") {
  Fixture f;
  MemoryCache cache(f.clock, 1u << 20);
  CHECK(f.get(cache, "k") == "-");
  f.put(cache, "k", "v");
  CHECK(f.get(cache, "k") == "v");
  f.put(cache, "k", "w");
  CHECK(f.get(cache, "k") == "w");
  CHECK(cache.size() == 1);
  f.clock.at += 30min;
  CHECK(f.get(cache, "k", 31min) == "w");
  CHECK(f.get(cache, "k", 30min) == "-");
  CHECK(f.get(cache, "k", 31min) == "w");
  f.clock.at += 30min;
  CHECK(f.get(cache, "k", 24h) == "-");
  CHECK(cache.size() == 0);
  CHECK(cache.bytes() == 0);
}

TEST_CASE("where there are too many replies, the one goes that was not used longest") {
  Fixture f;
  MemoryCache cache(f.clock, 1u << 20, 3);
  for (const char* key : {"a", "b", "c"}) f.put(cache, key, key);
  CHECK(f.get(cache, "a") == "a");
  f.put(cache, "d", "d");
  CHECK(cache.size() == 3);
  CHECK(f.get(cache, "b") == "-");
  CHECK(f.get(cache, "a") == "a");
}

TEST_CASE("replies in memory stay within their bytes, and one that alone is too large moves nobody out") {
  Fixture f;
  MemoryCache cache(f.clock, 100'000);
  for (int i = 0; i < 50; ++i) {
    f.put(cache, std::to_string(i), std::string(5000, 'x'));
    CHECK(cache.bytes() <= 100'000);
  }
  CHECK(cache.size() > 15);
  CHECK(f.get(cache, "49").size() == 5000);
  const std::size_t before = cache.size();
  f.put(cache, "large", std::string(200'000, 'x'));
  CHECK(cache.size() == before);
  CHECK(f.get(cache, "large") == "-");
  cache.resize(10'000);
  CHECK(cache.size() == 1);
  cache.resize(0);
  CHECK(cache.size() == 0);
  f.put(cache, "k", "v");
  CHECK(f.get(cache, "k") == "-");
}
