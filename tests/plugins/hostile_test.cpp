#include "runtime/base/sanitized.h"
#include "tests/plugins/plugin_stage.h"

#include <chrono>
#include <map>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::plugins;

namespace {

PluginSettings hostile() {
  return {.path = TROUPE_HOSTILE_PLUGIN};
}

/// How long past a call's deadline its end may come: what the project promises.
constexpr Milliseconds kOver = 1s;

struct Outcome {
  Result<PluginAnswer> answer;
  Milliseconds took{};
};

Outcome timed(Staged& staged, const std::string& tool, Milliseconds time) {
  const Instant from = staged.clock.now();
  auto answer = staged.call(tool, "{}", time);
  return {std::move(answer), std::chrono::duration_cast<Milliseconds>(staged.clock.now() - from)};
}

}  // namespace

TEST_CASE(
    "a plugin that crashes, leaves or hangs costs its call, and the next one is served by a fresh worker") {
  Staged staged(hostile());
  REQUIRE_MESSAGE(!staged.why_not, staged.why_not->message);
  const struct {
    const char* tool;
    ErrorCode code;
    const char* words;
  } cases[] = {{"crash", ErrorCode::tool, "SIGSEGV"},
               {"leave", ErrorCode::tool, "exited with code 7"},
               {"hang", ErrorCode::timeout, "killed"},
               {"spin", ErrorCode::timeout, "killed"},
               {"never", ErrorCode::timeout, "killed"},
               {"break_channel", ErrorCode::protocol, "bytes"},
               {"flood_progress", ErrorCode::too_large, "more than anybody needs"}};
  for (const auto& one : cases) {
    CAPTURE(one.tool);
    const Milliseconds time = one.code == ErrorCode::timeout ? 1s : 30s;
    const Outcome outcome = timed(staged, one.tool, time);
    REQUIRE_FALSE(outcome.answer);
    CHECK(word(outcome.answer.error().code) == word(one.code));
    CHECK_MESSAGE(outcome.answer.error().message.contains(one.words), outcome.answer.error().message);
    CHECK(outcome.took < time + kOver);
    CHECK(staged.text("echo", R"({"n":1})") == R"({"n":1})");
  }
}

TEST_CASE("what a plugin must not do does not work, and it lives to say so") {
  Staged staged(hostile());
  REQUIRE_MESSAGE(!staged.why_not, staged.why_not->message);
  CHECK(staged.text("read_shadow").contains("cannot read"));
  CHECK(staged.text("write_file") == "cannot write");
  CHECK(staged.text("connect_out") == "no socket");
  CHECK(staged.text("fork_bomb") == "cannot fork");
  CHECK(staged.text("trace_parent") == "cannot trace");
  CHECK_FALSE(std::filesystem::exists("/tmp/troupe-hostile"));
  CHECK(staged.pool().counts().started == 1);
}

TEST_CASE("a worker has nothing of the daemon's environment and descriptors") {
  ::setenv("TROUPE_TEST_CANARY", "canary-secret", 1);
  const fakes::TempDir folder;
  Staged staged(hostile());
  CHECK_FALSE(staged.text("environment").contains("canary"));
  // Its streams, which are all its error output, and the channel.
  CHECK(staged.text("descriptors") == "0 1 2 3 ");
  ::unsetenv("TROUPE_TEST_CANARY");
}

TEST_CASE("floods are cut, and the plugin is none the worse for its own mistakes") {
  Staged staged(hostile());
  const Outcome flood = timed(staged, "flood_stdout", 20s);
  REQUIRE_FALSE(flood.answer);
  CHECK(flood.answer.error().code == ErrorCode::too_large);
  CHECK_MESSAGE(flood.answer.error().message.contains("flooded its error output"),
                flood.answer.error().message);
  const auto large = staged.call("flood_answer");
  REQUIRE_FALSE(large);
  CHECK(large.error().code == ErrorCode::too_large);
  CHECK(large.error().message.contains("67108864 bytes"));
  CHECK(staged.text("twice") == "first");
  CHECK(staged.text("echo") == "{}");
  CHECK(staged.pool().counts().started == 2);
}

TEST_CASE("a call that is cancelled may end by itself, and is killed where it does not") {
  Staged staged(hostile());
  const auto cancelled = [&](const char* tool) {
    Stop stop;
    const auto alarm =
        staged.loop.at(staged.clock.now() + 100ms, [&stop] { stop.request(StopReason::cancelled); });
    return fakes::run(staged.loop, staged.begin(tool, "{}", stop, 30s));
  };
  auto asked = cancelled("until_cancelled");
  REQUIRE_FALSE(asked);
  CHECK(asked.error().code == ErrorCode::cancelled);
  CHECK_FALSE(asked.error().message.contains("killed"));
  CHECK(staged.pool().counts().started == 1);
  REQUIRE(staged.told.events.size() == 1);
  CHECK(staged.told.events[0].type == "tool.progress");
  CHECK(string_or(staged.told.events[0].fields, "text") == "waits");

  auto late = cancelled("late");
  CHECK((late ? late->text : std::string(word(late.error().code))) == "too late");
  CHECK(staged.text("echo") == "{}");  // the second finish of `late` was passed over

  auto deaf = cancelled("hang");
  REQUIRE_FALSE(deaf);
  CHECK(deaf.error().code == ErrorCode::cancelled);
  CHECK(deaf.error().message.contains("killed"));
  CHECK(staged.text("echo") == "{}");
}

TEST_CASE("a plugin has a memory limit" * doctest::skip(kSanitized)) {  // no limit can be set there
  Staged staged(hostile());
  CHECK(staged.text("allocate") == "no more memory");
  CHECK(staged.text("echo") == "{}");
}

TEST_CASE("a plugin that does not start says why, and does not start again and again") {
  for (const auto& [mood, code, words] :
       {std::tuple("refuse", ErrorCode::unavailable, "the configuration says so"),
        std::tuple("crash", ErrorCode::tool, "SIGSEGV"),
        std::tuple("hang", ErrorCode::timeout, "starting it")}) {
    CAPTURE(mood);
    PluginSettings settings = hostile();
    settings.config = {{"mood", mood}};
    settings.start_time = 1s;
    Staged staged(settings);
    REQUIRE(staged.why_not);
    CHECK(word(staged.why_not->code) == word(code));
    CHECK_MESSAGE(staged.why_not->message.contains(words), staged.why_not->message);
  }
}

TEST_CASE("other calls go on while one worker misbehaves") {
  Staged staged(hostile(), {.workers = 2});
  Stop stop;
  Nursery nursery(staged.loop);
  int bad = 0;
  int good = 0;
  nursery.spawn("the bad", [&]() -> Task<> {
    for (int i = 0; i < 5; ++i)
      if (!co_await staged.begin("crash", "{}", stop, 10s)) ++bad;
  });
  nursery.spawn("the good", [&]() -> Task<> {
    for (int i = 0; i < 100; ++i) {
      auto answer = co_await staged.begin("echo", R"({"i":1})", stop, 30s);
      good += answer && answer->text == R"({"i":1})";
    }
  });
  fakes::run(staged.loop, nursery.join());
  CHECK(bad == 5);
  CHECK(good == 100);
}

TEST_CASE("a plugin is told the key of a call, its time and its configuration, and its words reach people") {
  PluginSettings settings = hostile();
  settings.config = {{"mood", "fair"}};
  Staged staged(settings);
  CHECK(staged.text("key") == "k");
  CHECK(staged.text("show_config") == R"({"mood":"fair"})");
  CHECK(staged.text("time_left") == "less than a minute");
  CHECK(staged.text("say") == "said");
  const auto failed = staged.call("fails");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::invalid);
  CHECK(failed.error().message == "there is no such city; name another");
}

TEST_CASE("a plugin describes itself, what a daemon does not know included") {
  Staged staged(hostile());
  CHECK(staged.description.name == "hostile");
  CHECK(staged.description.find("oracle", "delphi"));
  const ServiceDescription* echo = staged.description.find("tool", "echo");
  REQUIRE(echo);
  CHECK(echo->effect == tools::Effect::pure);
  CHECK(staged.description.find("tool", "crash")->effect == tools::Effect::at_most_once);
  CHECK(staged.description.find("tool", "key")->can("status"));
}
