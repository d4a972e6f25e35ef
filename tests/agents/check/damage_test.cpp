// A store whose file was damaged anywhere: it is told, or what is read is what was written.
#include "runtime/store/store_reader.h"
#include "tests/agents/check/kept_store.h"

#include <filesystem>
#include <fstream>
#include <random>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

namespace fs = std::filesystem;

std::string bytes_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// All that a client or a start would be given; nothing when any of it is refused.
std::optional<std::string> served(const std::string& directory) {
  auto reader = store::open_store_reader(directory);
  if (!reader) return std::nullopt;
  auto sessions = reader->sessions("", 1'000);
  if (!sessions) return std::nullopt;
  std::string all;
  for (const auto& session : *sessions) {
    auto events = reader->events(session.id, 0, 10'000);
    if (!events) return std::nullopt;
    all += session.id + "\n";
    for (const Frame& frame : *events) all += *frame.text + "\n";
    auto runs = reader->runs("", session.id, 1'000, store::RunsOf::all);
    if (!runs) return std::nullopt;
    for (const auto& run : *runs) {
      auto facts = reader->facts(run.id);
      if (!facts) return std::nullopt;
      for (const auto& fact : *facts) all += std::string(fact.kind) + " " + fact.body + "\n";
      all += fmt::format("{} {} {} {} {} {}\n", run.id, run.status, run.answer, run.input_tokens,
                         run.output_tokens, run.cost);
    }
  }
  auto used = reader->usage({.by = store::UsageBy::session});
  if (!used) return std::nullopt;
  for (const auto& row : *used)
    all += fmt::format("{} {} {}\n", row.key, row.used.input_tokens, row.used.cost);
  return all;
}

/// False: something was found, or it could not be read to its end.
bool whole(const std::string& directory, const std::string& file) {
  auto reader = store::AuditReader::open(directory);
  if (!reader) {
    CHECK(reader.error().message.contains(file));
    return false;
  }
  std::size_t found = 0;
  auto report = check_store(*reader, {}, [&](const Finding&) { ++found; }, [](const CheckProgress&) {});
  if (!report) CHECK(report.error().message.contains(file));
  return report && found == 0;
}

}  // namespace

TEST_CASE("a byte that flipped anywhere in a store is found, or changes nothing that is read") {
  KeptStore store("schema3.sql");
  const std::string good = bytes_of(store.file());
  const auto before = served(store.directory());
  REQUIRE(before.has_value());
  fakes::TempDir place;
  const std::string file = (place.path() / "journal.db").string();
  std::mt19937 random(20261129);
  int found = 0;
  int harmless = 0;
  constexpr int kFlips = 300;
  for (int i = 0; i < kFlips; ++i) {
    std::string bad = good;
    const std::size_t at = std::uniform_int_distribution<std::size_t>(0, bad.size() - 1)(random);
    const auto bit = static_cast<char>(1 << std::uniform_int_distribution<int>(0, 7)(random));
    bad[at] = static_cast<char>(bad[at] ^ bit);
    for (const char* suffix : {"-wal", "-shm"}) fs::remove(file + suffix);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bad;
    CAPTURE(at);
    if (!whole(place.path().string(), file)) {
      ++found;
      continue;
    }
    ++harmless;
    CHECK(served(place.path().string()) == before);
  }
  MESSAGE("of ", kFlips, " flips ", found, " were found, ", harmless, " changed nothing that is read");
  CHECK(found > kFlips / 4);
}

TEST_CASE("a store that was cut at any page is found out") {
  KeptStore store("schema3.sql");
  const std::string good = bytes_of(store.file());
  fakes::TempDir place;
  const std::string file = (place.path() / "journal.db").string();
  for (std::size_t size = 4096; size < good.size(); size += 4096) {
    CAPTURE(size);
    for (const char* suffix : {"-wal", "-shm"}) fs::remove(file + suffix);
    std::ofstream(file, std::ios::binary | std::ios::trunc) << good.substr(0, size);
    CHECK_FALSE(whole(place.path().string(), file));
  }
}
