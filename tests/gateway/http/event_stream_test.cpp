#include "gateway/http/event_stream.h"

#include "tests/fakes/memory_journal.h"
#include "tests/fakes/run_loop.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::gateway;

namespace {

/// A reader that takes everything.
struct Reader final : net::BodyWriter {
  Task<bool> write(std::string bytes) override {
    largest = std::max(largest, bytes.size());
    all += bytes;
    co_return true;
  }
  std::string all;
  std::size_t largest = 0;
};

Event event(std::string_view type, const std::string& text) {
  return {.type = type, .session = "s_1", .run = "r_1", .agent = "a", .step = 1, .fields = {{"text", text}}};
}

}  // namespace

TEST_CASE("a run of large events is written as it is read: a page of them is neither held nor too much") {
  constexpr std::size_t kEvents = 40;
  constexpr std::size_t kBytes = 200'000;
  SystemClock clock;
  Loop loop(clock);
  fakes::MemoryJournal journal(loop);
  store::RunRow row;
  row.id = "r_1";
  row.session = "s_1";
  row.tenant = "acme";
  row.status = "done";
  for (std::size_t at = 0; at < kEvents; ++at) {
    store::Append append;
    if (at == 0) append.session = store::SessionRow{.id = "s_1", .tenant = "acme"};
    append.events.push_back(event("thought", std::string(kBytes, 'x')));
    append.run = row;
    REQUIRE(fakes::run(loop, journal.commit(std::move(append))));
  }
  store::Append last;
  last.events.push_back(event("run.finished", ""));
  last.run = row;
  REQUIRE(fakes::run(loop, journal.commit(std::move(last))));
  auto found = fakes::run(loop, journal.find_run("r_1"));
  REQUIRE((found && *found));

  Reader reader;
  {
    EventStream stream(loop, journal, **found, 0);
    Stop drain;
    fakes::run(loop, stream.write_to(reader, drain));
  }
  CHECK(reader.all.ends_with("\n\n"));
  CHECK(reader.all.contains("event: run.finished\n"));
  CHECK(reader.all.size() > kEvents * kBytes);
  CHECK(reader.largest < limits::kReplayBytes + 2 * kBytes);
}
