#include "tests/fakes/process.h"
#include "tests/memory/ingest/ingest_bench.h"

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <poll.h>
#include <random>
#include <sys/wait.h>

using namespace troupe;
using namespace troupe::memory;
using troupe::memory::testing::IngestBench;

namespace {

constexpr const char* kFolder = "TROUPE_INGEST_FOLDER";
constexpr const char* kStore = "TROUPE_INGEST_STORE";
constexpr const char* kTimes = "TROUPE_INGEST_KILLS";  // more than the suite has time for
constexpr int kFiles = 24;

int kills() {
  const char* times = std::getenv(kTimes);
  return times ? std::atoi(times) : 5;
}

void fill(IngestBench& bench) {
  for (int i = 0; i < kFiles; ++i) {
    std::string text = "# Document " + std::to_string(i) + "\n\n";
    for (int line = 0; line < 20 * (i % 5 + 1); ++line)
      text +=
          "Line " + std::to_string(line) + " of " + std::to_string(i) + " speaks of towers and rivers.\n\n";
    bench.folder.write(std::to_string(i) + ".md", text);
  }
}

/// An ingest in a process of its own, which says each step on a line.
fakes::Process child_of(const IngestBench& bench) {
  return fakes::Process({"/proc/self/exe", "--no-skip", "--test-case=(an ingest in a process of its own)"},
                        {std::string(kFolder) + "=" + bench.folder.path(),
                         // What it makes for itself and cannot remove goes with the test's own.
                         "TMPDIR=" + bench.home.path().string(),
                         std::string(kStore) + "=" + (bench.home.path() / "knowledge.db").string()});
}

}  // namespace

TEST_CASE("(an ingest in a process of its own)" * doctest::skip()) {
  const char* folder = std::getenv(kFolder);
  const char* file = std::getenv(kStore);
  if (!folder || !file) return;
  IngestBench bench;
  bench.store = make_sqlite_knowledge(bench.loop, file);
  bench.sources = {folder};
  IngestRequest request = bench.request();
  request.on_progress = [](const IngestProgress& progress) {
    std::printf("step %zu\n", progress.done);
    std::fflush(stdout);
  };
  CHECK(bench.run(std::move(request)).has_value());
}

TEST_CASE("an ingest that is killed anywhere leaves a sound base, and the next one completes it") {
  IngestBench whole;
  fill(whole);
  whole.done();
  const auto content = whole.content();

  std::mt19937 random(std::random_device{}());
  for (int i = 0; i < kills(); ++i) {
    IngestBench bench;
    fill(bench);
    // Several deaths of one base, the last of which may come too late.
    for (int death = 0; death < 2; ++death) {
      const auto lines = std::uniform_int_distribution(1, 2 * kFiles + 4)(random);
      const auto pause = std::uniform_int_distribution(0, 3)(random);
      INFO("killed after " << lines << " lines and " << pause << " ms");
      auto child = child_of(bench);
      try {
        for (int line = 0; line < lines; ++line) child.line();
        ::poll(nullptr, 0, pause);  // chance, not a wait for anything
      } catch (const std::exception&) {
        // It had fewer steps left than that.
      }
      child.signal(SIGKILL);
      child.wait();
      bench.sound();
      for (const auto& [name, what] : bench.content()) CHECK(content.at(name) == what);
    }
    const std::size_t before = bench.documents().size();
    const auto rest = bench.done();
    CHECK(rest.unchanged == before);
    CHECK(rest.added == kFiles - before);
    CHECK(bench.content() == content);
    bench.sound();
  }
}
