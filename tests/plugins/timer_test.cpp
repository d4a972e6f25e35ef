// The example in C: a plugin that answers later, from a thread of its own.
#include "tests/plugins/plugin_stage.h"

#include <fstream>
#include <iterator>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::plugins;

namespace {

PluginSettings timer() {
  return {.name = "timer", .path = TROUPE_TIMER_PLUGIN};
}

/// A folder that the worker may change, who is nobody where the tests are root.
class Notes {
 public:
  Notes() {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    if (::geteuid() == 0 && ::chown(folder_.path().c_str(), 65534, 0) != 0)
      throw std::runtime_error("cannot give a folder away");
  }
  std::string folder() const { return folder_.path().string(); }
  std::string file() const { return folder() + "/notes.txt"; }
  std::string text() const {
    std::ifstream in(file());
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  fakes::TempDir folder_;
};

}  // namespace

TEST_CASE("calls that wait are many at once in one worker, tell how far they are, and end by themselves") {
  for (const char* isolation : {"process", "none"}) {
    CAPTURE(isolation);
    PluginSettings settings = timer();
    settings.isolation = isolation;
    settings.config = {{"tick_ms", 5}};
    Staged staged(settings, {.workers = 1});
    REQUIRE_MESSAGE(!staged.why_not, staged.why_not->message);
    CHECK(staged.description.concurrent == 64);
    CHECK(staged.description.permissions == Json{{"threads", 1}});
    const Instant from = staged.clock.now();
    Stop stop;
    Nursery nursery(staged.loop);
    int good = 0;
    for (int i = 0; i < 64; ++i)
      nursery.spawn("a call that waits", [&]() -> Task<> {
        auto answer = co_await staged.begin("wait", R"({"seconds":0.3})", stop, 30s);
        good += answer && answer->text == "0.3 seconds are over";
      });
    fakes::run(staged.loop, nursery.join());
    CHECK(good == 64);
    CHECK(staged.clock.now() - from < 64 * 300ms);
    CHECK(staged.pool().counts().started == 1);
    REQUIRE_FALSE(staged.told.events.empty());
    const Json& fields = staged.told.events.front().fields;
    CHECK(string_or(fields, "text").find(" of 0.3 seconds") != std::string::npos);
    const double fraction = fields.value("fraction", -1.0);
    CHECK(fraction > 0);
    CHECK(fraction < 1);
  }
}

TEST_CASE("a call that waits ends at once when it is cancelled, and nobody else's with it") {
  Staged staged(timer(), {.workers = 1});
  Stop stop, never;
  Nursery nursery(staged.loop);
  std::optional<Result<PluginAnswer>> cancelled, other;
  nursery.spawn("cancelled", [&]() -> Task<> {
    cancelled = co_await staged.begin("wait", R"({"seconds":20})", stop, 30s);
  });
  nursery.spawn("not cancelled",
                [&]() -> Task<> { other = co_await staged.begin("wait", R"({"seconds":0.2})", never, 30s); });
  const auto alarm =
      staged.loop.at(staged.clock.now() + 50ms, [&stop] { stop.request(StopReason::cancelled); });
  fakes::run(staged.loop, nursery.join());
  REQUIRE(cancelled);
  REQUIRE_FALSE(*cancelled);
  CHECK(cancelled->error().code == ErrorCode::cancelled);
  CHECK(cancelled->error().message.find("killed") == std::string::npos);
  REQUIRE(other);
  CHECK((*other ? (*other)->text : (*other).error().message) == "0.2 seconds are over");
  CHECK(staged.pool().counts().started == 1);
  const auto too_long = staged.call("wait", R"({"seconds":3600})", 1s);
  REQUIRE_FALSE(too_long);
  CHECK(too_long.error().code == ErrorCode::invalid);
}

TEST_CASE("a note is kept once for each key, and whether it was can be asked") {
  const Notes notes;
  PluginSettings settings = timer();
  settings.config = {{"file", notes.file()}};
  settings.grant.write = {notes.folder()};
  Staged staged(settings);
  REQUIRE_MESSAGE(!staged.why_not, staged.why_not->message);
  const auto note = [&](const char* key, const char* input) {
    Stop stop;
    auto answer = fakes::run(staged.loop, staged.begin("note", input, stop, 30s, key));
    return answer ? answer->text : "FAILED: " + answer.error().message;
  };
  CHECK(note("key-1", R"({"troupe_status":"key-1"})") == R"({"state": "not_done"})");
  CHECK(note("key-1", R"({"text":"buy milk"})") == "noted");
  CHECK(note("key-1", R"({"troupe_status":"key-1"})") == R"({"state": "done", "text": "noted"})");
  CHECK(note("key-1", R"({"text":"buy milk"})") == "noted");  // again with the same key
  CHECK(note("key-12", R"({"troupe_status":"key-12"})") == R"({"state": "not_done"})");
  CHECK(note("key-2", R"({"text":"two\nlines"})") == "noted");
  CHECK(notes.text() == "key-1\t{\"text\":\"buy milk\"}\nkey-2\t{\"text\":\"two\\nlines\"}\n");
  CHECK(note("key-3", dump(Json{{"text", std::string(70'000, 'x')}}).c_str()).find("at most 64 KiB") !=
        std::string::npos);
}

TEST_CASE("a note without a file, or where nothing may be written, is refused with what to do") {
  Staged nowhere(timer());
  CHECK(nowhere.text("note", R"({"text":"x"})").find("there is no file for notes") != std::string::npos);
  const Notes notes;
  PluginSettings settings = timer();
  settings.config = {{"file", notes.file()}};
  Staged forbidden(settings);
  CHECK(forbidden.text("note", R"({"text":"x"})").find("could not be written") != std::string::npos);
  CHECK(notes.text().empty());
}
