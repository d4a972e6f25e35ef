#include "runtime/store/cache_table.h"

#include "runtime/store/sqlite.h"
#include "tests/fakes/temp_dir.h"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::store;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kNow = 1'800'000'000'000;
constexpr std::int64_t kHour = 3'600'000;

struct Fixture {
  fakes::TempDir folder;
  std::string file = (folder.path() / "cache.db").string();

  CacheTable open() {
    auto table = CacheTable::open(file);
    REQUIRE_MESSAGE(table.has_value(), table.error().message);
    return std::move(*table);
  }
};

std::optional<std::string> get(CacheTable& table, const std::string& key, std::int64_t now = kNow,
                               std::chrono::milliseconds ttl = 1h) {
  auto found = table.get(key, now, ttl);
  REQUIRE_MESSAGE(found.has_value(), found.error().message);
  return *found;
}

void put(CacheTable& table, const std::string& key, const std::string& text, std::int64_t now = kNow,
         std::int64_t life = kHour) {
  auto done = table.put(key, text, now, now + life);
  REQUIRE_MESSAGE(done.has_value(), done.error().message);
}

std::size_t tidy(CacheTable& table, std::size_t bytes_max, std::int64_t now) {
  for (int rounds = 1;; ++rounds) {
    auto more = table.tidy(bytes_max, now);
    REQUIRE_MESSAGE(more.has_value(), more.error().message);
    if (!*more) return static_cast<std::size_t>(rounds);
  }
}

}  // namespace

TEST_CASE("a cached text is found as it was put, whatever is in it, also by the next process") {
  Fixture f;
  const std::string odd("a\0b\xff\xfe \xed\x95\x9c", 9);
  {
    CacheTable table = f.open();
    CHECK(get(table, "k") == std::nullopt);
    put(table, "k", odd);
    put(table, "empty", "");
    CHECK(get(table, "k") == odd);
  }
  CacheTable again = f.open();
  CHECK(get(again, "k") == odd);
  CHECK(get(again, "empty") == "");
  CHECK(get(again, "other") == std::nullopt);
  struct stat info{};
  REQUIRE(::stat(f.file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("a cached text has an age, and an end that its writer gave it") {
  Fixture f;
  CacheTable table = f.open();
  put(table, "k", "v", kNow, kHour);
  CHECK(get(table, "k", kNow + kHour - 1, 24h) == "v");
  CHECK(get(table, "k", kNow + kHour, 24h) == std::nullopt);
  CHECK(get(table, "k", kNow + 59'999, 1min) == "v");
  CHECK(get(table, "k", kNow + 60'000, 1min) == std::nullopt);
  CHECK(get(table, "k", kNow - 1, 1h) == std::nullopt);  // the clock was set back
  put(table, "k", "w", kNow + kHour);
  CHECK(get(table, "k", kNow + kHour, 1h) == "w");
}

TEST_CASE("beyond its room a cache loses what was not used longest, and not more than it must") {
  Fixture f;
  CacheTable table = f.open();
  const std::string text(10'000, 'x');
  for (int i = 0; i < 100; ++i) put(table, "k" + std::to_string(i), text, kNow + i, 24 * kHour);
  const std::size_t whole = table.bytes();
  CHECK(whole > 100 * text.size());
  CHECK(get(table, "k0", kNow + 2 * kHour, 24h) == text);  // used: it stays
  CHECK(tidy(table, whole, kNow + 2 * kHour) == 1);
  CHECK(table.bytes() == whole);

  tidy(table, whole / 2, kNow + 2 * kHour);

  CHECK(table.bytes() <= whole / 2);
  CHECK(table.bytes() > whole / 2 - whole / 16);
  CHECK(get(table, "k0", kNow + 2 * kHour, 24h) == text);
  CHECK(get(table, "k1", kNow + 2 * kHour, 24h) == std::nullopt);
  CHECK(get(table, "k99", kNow + 2 * kHour, 24h) == text);
  const std::size_t left = table.bytes();
  CHECK(f.open().bytes() == left);
}

TEST_CASE("what has ended is removed, a little at a time") {
  Fixture f;
  CacheTable table = f.open();
  for (int i = 0; i < 200; ++i) put(table, "k" + std::to_string(i), "v", kNow, i < 150 ? 1000 : kHour);
  const std::size_t whole = table.bytes();
  CHECK(tidy(table, 1u << 30, kNow) == 1);
  CHECK(table.bytes() == whole);
  CHECK(tidy(table, 1u << 30, kNow + 1000) == 3);
  CHECK(table.bytes() == whole / 4);
}

TEST_CASE("a text that is put again takes the room of one") {
  Fixture f;
  CacheTable table = f.open();
  put(table, "k", std::string(1000, 'a'));
  const std::size_t one = table.bytes();
  put(table, "k", std::string(1000, 'b'));
  CHECK(table.bytes() == one);
}

TEST_CASE("a file that is no cache of ours is not written to, and its error says whose fault it is") {
  const auto kind = [](auto make) {
    Fixture f;
    make(f.file);
    auto table = CacheTable::open(f.file);
    REQUIRE_FALSE(table.has_value());
    CHECK(table.error().message.find(f.file) != std::string::npos);
    return file_is_at_fault(table.error());
  };
  CHECK(kind([](const std::string& file) { std::ofstream(file) << std::string(8192, 'x'); }));
  CHECK(kind([](const std::string& file) {
    auto other = Database::open(file, Database::Mode::create);
    REQUIRE(other->execute("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)").has_value());
  }));
  CHECK(kind([](const std::string& file) {
    {
      auto table = CacheTable::open(file);
      REQUIRE(table.has_value());
      for (int i = 0; i < 100; ++i)
        REQUIRE(table->put(std::to_string(i), std::string(4000, 'x'), kNow, kNow + kHour).has_value());
    }
    std::filesystem::resize_file(file, 8192);
  }));
  CHECK_FALSE(kind([](const std::string& file) { std::filesystem::create_directory(file); }));

  Fixture later;
  {
    CacheTable table = later.open();
  }
  REQUIRE(Database::open(later.file, Database::Mode::write)->execute("PRAGMA user_version=2").has_value());
  CHECK(file_is_at_fault(CacheTable::open(later.file).error()));
}

TEST_CASE("a cache that somebody else emptied is counted anew, and is not tidied without end") {
  Fixture f;
  auto table = f.open();
  put(table, "a", std::string(10'000, 'x'));
  {
    auto other = Database::open(f.file, Database::Mode::write);
    REQUIRE(other);
    REQUIRE(other->execute("DELETE FROM texts"));
  }
  CHECK(tidy(table, 100, kNow) == 1);
  CHECK(table.bytes() == 0);
}
