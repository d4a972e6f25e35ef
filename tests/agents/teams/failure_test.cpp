#include "agents/teams/patterns/failure.h"

#include "agents/teams/limits.h"
#include "tests/fakes/fake_crew.h"
#include "tests/fakes/run_loop.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

struct Bench {
  SystemClock clock;
  Loop loop{clock};
  TeamSettings settings;
  fakes::FakeCrew crew{loop, settings};
  Stop stop;

  Teamed<std::optional<Reply>> ask(FailurePolicy policy, std::string text = "Write\nmore") {
    Ask ask{.key = "k", .to = "writer", .task = "draft", .text = std::move(text)};
    return fakes::run(loop, ask_by_policy(crew, std::move(ask), policy, stop));
  }
  Teamed<std::optional<Reply>> call(FailurePolicy policy) {
    ToolAsk ask{.key = "k", .tool = "web", .input = {{"q", "tea"}}};
    return fakes::run(loop, call_by_policy(crew, std::move(ask), policy, stop));
  }
};

}  // namespace

TEST_CASE("a failure says who was asked for what, under which key, and what became of it") {
  Bench bench;
  bench.crew.by_key["k"] = fakes::failed_reply("too many steps", "limit");
  const auto end = bench.ask({});
  REQUIRE_FALSE(end);
  CHECK(end.error().status == "failed");
  CHECK(end.error().reason == "member_failed");
  CHECK(end.error().detail ==
        "`writer` was asked for k (task `draft`), “Write…”: limit (model_error): too many steps");
}

TEST_CASE("a member that was cancelled alone has failed, one that the team's stop ended has not") {
  Bench bench;
  bench.crew.by_key["k"] = fakes::failed_reply("", "cancelled");
  CHECK(bench.ask({}).error().reason == "member_failed");
  Bench stopped;
  stopped.crew.by_key["k"] = fakes::failed_reply("", "cancelled");
  stopped.crew.records.all.push_back({.key = "k", .outcome = fakes::failed_reply("", "cancelled")});
  stopped.stop.request(StopReason::cancelled);
  for (const auto on : {OnFailure::fail, OnFailure::skip, OnFailure::retry, OnFailure::substitute})
    CHECK(stopped.ask({.on_failure = on}).error().status == "cancelled");
  CHECK(stopped.crew.asks.empty());
}

TEST_CASE("retries go on until one succeeds, and say how many there were when none does") {
  Bench bench;
  bench.crew.by_key["k"] = fakes::failed_reply("first");
  bench.crew.by_key["k.again1"] = fakes::failed_reply("second");
  const auto reply = bench.ask({.on_failure = OnFailure::retry, .retries = 3});
  REQUIRE(reply);
  CHECK((*reply)->text == "writer on k.again2");
  CHECK(bench.crew.text_of("k.again2").contains("second"));
  CHECK_FALSE(bench.crew.text_of("k.again2").contains("first"));
  Bench none;
  none.crew.by_member["writer"] = fakes::failed_reply("down");
  const auto end = none.ask({.on_failure = OnFailure::retry, .retries = 2});
  CHECK(end.error().detail.ends_with("failed (model_error): down, the last of 3 attempts"));
  CHECK(none.crew.asks.size() == 3);
}

TEST_CASE("a retry of a text of any length has room for why") {
  Bench bench;
  bench.crew.by_key["k"] = fakes::failed_reply(std::string(100'000, 'x'));
  REQUIRE(bench.ask({.on_failure = OnFailure::retry}, std::string(limits::kTeamTextBytes, 'a')));
  CHECK(bench.crew.text_of("k.again1").size() <= limits::kTeamTextBytes);
  CHECK(bench.crew.text_of("k.again1").ends_with("avoids that."));
}

TEST_CASE("a substitute is asked the same, and both are named when it fails as well") {
  Bench bench;
  bench.crew.by_key["k"] = fakes::failed_reply("one");
  const auto reply = bench.ask({.on_failure = OnFailure::substitute, .substitute = "other"});
  REQUIRE(reply);
  CHECK((*reply)->from == "other");
  CHECK(bench.crew.text_of("k.instead") == "Write\nmore");
  Bench both;
  both.crew.by_key["k"] = fakes::failed_reply("one");
  both.crew.by_key["k.instead"] = fakes::failed_reply("two");
  const auto end = both.ask({.on_failure = OnFailure::substitute, .substitute = "other"});
  CHECK(end.error().detail.ends_with(
      "failed (model_error): one; then `other` in its place: failed (model_error): two"));
}

TEST_CASE("what ends the team ends it between attempts too") {
  for (const std::string key : {"k", "k.again1", "k.instead"}) {
    Bench bench;
    bench.crew.by_key["k"] = fakes::failed_reply("one");
    bench.crew.by_key[key] = TeamEnd{.status = "limit", .reason = "max_cost"};
    const auto on = key == "k.instead" ? OnFailure::substitute : OnFailure::retry;
    CHECK(bench.ask({.on_failure = on, .substitute = "other"}).error().reason == "max_cost");
  }
}

TEST_CASE("a call is repeated as it was, and a member in its place is told which call failed") {
  Bench bench;
  bench.crew.by_key["k"] = fakes::failed_reply("no route");
  REQUIRE(bench.call({.on_failure = OnFailure::retry}));
  CHECK(bench.crew.calls[1].key == "k.again1");
  CHECK(bench.crew.calls[1].input == bench.crew.calls[0].input);
  Bench other;
  other.crew.by_key["k"] = fakes::failed_reply("no route");
  REQUIRE(other.call({.on_failure = OnFailure::substitute, .substitute = "expert"}));
  CHECK(other.crew.text_of("k.instead").contains(R"({"q":"tea"})"));
  CHECK(other.crew.text_of("k.instead").contains("no route"));
  Bench skipped;
  skipped.crew.by_key["k"] = fakes::failed_reply("no route");
  const auto none = skipped.call({.on_failure = OnFailure::skip});
  REQUIRE(none);
  CHECK_FALSE(none->has_value());
  Bench failed;
  failed.crew.by_key["k"] = fakes::failed_reply("no route");
  CHECK(failed.call({}).error().detail.contains("the tool `web` was called for k"));
}
