#include "tools/toolbox.h"

#include "tests/fakes/run_loop.h"
#include "tests/tools/fake_context.h"
#include "tools/idempotency.h"
#include "tools/observation.h"

#include <stdexcept>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;

namespace {

using Behaviour = std::function<Task<Result<ToolOutput>>(ToolInput, CallContext&)>;

/// A tool that does what a test says.
class ScriptedTool final : public Tool {
 public:
  ScriptedTool(std::string schema, Behaviour behaviour) : behaviour_(std::move(behaviour)) {
    spec_.declaration = {"scripted", "for tests", std::move(schema)};
    spec_.effect = Effect::pure;
  }
  const ToolSpec& spec() const override { return spec_; }
  ToolSpec& spec_to_change() { return spec_; }
  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override {
    return behaviour_(std::move(input), context);
  }

 private:
  ToolSpec spec_;
  Behaviour behaviour_;
};

constexpr const char* kQuerySchema =
    R"({"type":"object","properties":{"query":{"type":"string","minLength":1},"max_results":{"type":"integer","maximum":20}},
        "required":["query"],"additionalProperties":false})";

Task<Result<ToolOutput>> echo(ToolInput input, CallContext&) {
  co_return ToolOutput{dump(input.arguments), {{"T", "http://t"}}};
}
Task<Result<ToolOutput>> long_text(ToolInput, CallContext&) {
  co_return ToolOutput{std::string(3'000, 'a') + "é", {}};
}
Task<Result<ToolOutput>> refusing(ToolInput, CallContext&) {
  co_return fail(ErrorCode::tool, "the service is closed; try tomorrow");
}
Task<Result<ToolOutput>> throwing(ToolInput, CallContext&) {
  throw std::runtime_error("boom");
  co_return ToolOutput{};
}
Task<Result<ToolOutput>> waiting(ToolInput, CallContext& context) {
  co_await context.loop.sleep_for(std::chrono::hours(1), context.stop);
  co_return fail(stopped("waiting", context.stop.reason()));
}

Toolbox box_of(Behaviour behaviour, CallLimits call_limits = {}, Milliseconds timeout = Milliseconds(0)) {
  auto tool = std::make_shared<ScriptedTool>(kQuerySchema, std::move(behaviour));
  tool->spec_to_change().timeout = timeout;
  ToolTable table{{"search", tool}, {"other", std::make_shared<ScriptedTool>("{}", echo)}};
  return std::move(*Toolbox::make(table, {"search", "other"}, call_limits));
}

}  // namespace

TEST_CASE("a prepared call runs and its output is the observation") {
  fakes::FakeContext fake;
  const Toolbox box = box_of(echo);

  auto prepared = box.prepare("search", Json{{"query", "x"}});
  REQUIRE(prepared);
  CHECK(prepared->effect == Effect::pure);
  const CallOutcome outcome = fakes::run(fake.loop, box.run(std::move(*prepared), fake.context));

  CHECK(outcome.ok);
  CHECK(outcome.observation() == R"({"query":"x"})");
  CHECK(outcome.sources.at(0).url == "http://t");
  CHECK_FALSE(outcome.truncated);
}

TEST_CASE("an unknown tool is an observation that names the tools there are") {
  fakes::FakeContext fake;
  const Toolbox box = box_of(echo);

  const CallOutcome outcome = fakes::run(fake.loop, box.call("serch", Json::object(), fake.context));

  CHECK_FALSE(outcome.ok);
  CHECK(outcome.code == ErrorCode::not_found);
  CHECK(outcome.error.contains("there is no tool `serch`; did you mean `search`?"));
  CHECK(outcome.error.contains("search, other"));
  const Toolbox empty = std::move(*Toolbox::make({}, {}));
  CHECK(empty.prepare("search", {}).error().message.contains("no tools are available"));
}

TEST_CASE("arguments that do not fit name every problem and the schema") {
  const Toolbox box = box_of(echo);

  const auto prepared = box.prepare("search", Json{{"max_results", 50}, {"querry", 1}});

  REQUIRE_FALSE(prepared);
  CHECK(prepared.error().code == ErrorCode::invalid);
  CHECK(prepared.error().message.contains("/query: is required"));
  CHECK(prepared.error().message.contains("/max_results: must be at most 20, is 50"));
  CHECK(prepared.error().message.contains("/querry: is not known; did you mean `query`?"));
  CHECK(prepared.error().message.contains(R"("required":["query"])"));
}

TEST_CASE("arguments of native calls come as text") {
  const Toolbox box = box_of(echo);

  CHECK(box.prepare_text("other", ""));
  CHECK(box.prepare_text("search", R"({"query":"a"})")->arguments == Json{{"query", "a"}});
  CHECK(box.prepare_text("search", R"({"query": )").error().message.contains("not valid JSON"));
  CHECK(box.prepare_text("search", R"({"query":"a","query":"b"})").error().message.contains("duplicate key"));
  CHECK(box.prepare_text("nope", "{}").error().message.contains("no tool `nope`"));
}

TEST_CASE("what can be meant in one way only is mended and told") {
  const Toolbox box = box_of(echo);

  const auto prepared = box.prepare("search", Json{{"query", "a"}, {"max_results", "5"}});
  REQUIRE(prepared);
  CHECK(prepared->arguments.at("max_results") == 5);
  CHECK(prepared->repairs == std::vector<std::string>{R"(/max_results: "5" read as 5)"});

  const auto bare = box.prepare("search", Json("Seoul"));
  REQUIRE(bare);
  CHECK(bare->arguments == Json{{"query", "Seoul"}});
}

TEST_CASE("a long output is cut between characters and says so") {
  fakes::FakeContext fake;
  const Toolbox box = box_of(long_text, CallLimits{.observation = 1'000});

  const CallOutcome outcome = fakes::run(fake.loop, box.call("search", Json{{"query", "x"}}, fake.context));

  CHECK(outcome.ok);
  CHECK(outcome.truncated);
  CHECK(outcome.output.size() <= 1'000);
  CHECK(outcome.output.contains("3002 bytes in all"));
}

TEST_CASE("clip never cuts a character in two") {
  const std::string text = "가나다라마바사아자차카타파하";
  for (std::size_t limit = 0; limit <= text.size() + 1; ++limit) {
    const Clipped clipped = clip(text, limit);
    CHECK(clipped.text.size() <= std::max(limit, std::size_t{0}));
    CHECK(clipped.text.size() % 3 == 0);
    CHECK(clipped.truncated == (limit < text.size()));
  }
  CHECK(clip("abc", 3).text == "abc");
}

TEST_CASE("a tool that fails or throws is an observation") {
  fakes::FakeContext fake;

  const CallOutcome refused =
      fakes::run(fake.loop, box_of(refusing).call("search", Json{{"query", "x"}}, fake.context));
  CHECK_FALSE(refused.ok);
  CHECK(refused.error == "the service is closed; try tomorrow");
  CHECK(refused.code == ErrorCode::tool);

  const CallOutcome thrown =
      fakes::run(fake.loop, box_of(throwing).call("search", Json{{"query", "x"}}, fake.context));
  CHECK_FALSE(thrown.ok);
  CHECK(thrown.error.contains("boom"));
}

TEST_CASE("a tool past its time is stopped and the agent is told") {
  fakes::FakeContext fake;
  const Toolbox box = box_of(waiting, CallLimits{.tool_time = Milliseconds(20)});

  const CallOutcome outcome = fakes::run(fake.loop, box.call("search", Json{{"query", "x"}}, fake.context));

  CHECK_FALSE(outcome.ok);
  CHECK(outcome.code == ErrorCode::timeout);
  CHECK(outcome.error.contains("did not finish within 0.02 s"));
  CHECK(outcome.ms >= Milliseconds(20));
  CHECK_FALSE(fake.stop.requested());
}

TEST_CASE("the soonest of tool, agent and run deadline counts") {
  fakes::FakeContext fake;
  const Toolbox own = box_of(waiting, CallLimits{.tool_time = std::chrono::hours(1)}, Milliseconds(10));
  CHECK(
      fakes::run(fake.loop, own.call("search", Json{{"query", "x"}}, fake.context)).error.contains("0.01 s"));

  fake.context.deadline = Deadline::after(fake.clock, Milliseconds(10));
  const Toolbox slow = box_of(waiting);
  CHECK(fakes::run(fake.loop, slow.call("search", Json{{"query", "x"}}, fake.context))
            .error.contains("whole run"));
}

TEST_CASE("cancelling the run ends its tool call at once") {
  fakes::FakeContext fake;
  const Toolbox box = box_of(waiting);
  auto alarm =
      fake.loop.at(fake.clock.now() + Milliseconds(5), [&] { fake.stop.request(StopReason::cancelled); });

  const CallOutcome outcome = fakes::run(fake.loop, box.call("search", Json{{"query", "x"}}, fake.context));

  CHECK_FALSE(outcome.ok);
  CHECK(outcome.code == ErrorCode::cancelled);
  CHECK(outcome.ms < Milliseconds(5'000));
}

TEST_CASE("a toolbox refuses a name that is not configured and a schema that does not compile") {
  ToolTable table{{"search", std::make_shared<ScriptedTool>("{}", echo)},
                  {"broken", std::make_shared<ScriptedTool>(R"({"type":"objekt"})", echo)}};

  CHECK(Toolbox::make(table, {"serach"}).error().message.contains("did you mean `search`"));
  CHECK(Toolbox::make(table, {"broken"}).error().message.contains("schema of tool `broken`"));
}

TEST_CASE("declarations carry the configured names in order") {
  const Toolbox box = box_of(echo);
  REQUIRE(box.declarations()->size() == 2);
  CHECK(box.declarations()->at(0).name == "search");
  CHECK(box.declarations()->at(1).name == "other");
}

TEST_CASE("the idempotency key depends on the call and not on how its arguments are written") {
  const CallIdentity call{"i1", "r_1", 2, 0, "search", "1"};
  const std::string key = idempotency_key(call, Json{{"a", 1}, {"b", 2}});

  CHECK(key.size() == 52);
  CHECK(key == idempotency_key(call, Json{{"b", 2}, {"a", 1}}));
  CHECK(key != idempotency_key(call, Json{{"a", 1}, {"b", 3}}));
  const CallIdentity others[] = {{"i2", "r_1", 2, 0, "search", "1"}, {"i1", "r_2", 2, 0, "search", "1"},
                                 {"i1", "r_1", 3, 0, "search", "1"}, {"i1", "r_1", 2, 1, "search", "1"},
                                 {"i1", "r_1", 2, 0, "find", "1"},   {"i1", "r_1", 2, 0, "search", "2"}};
  for (const CallIdentity& other : others) CHECK(key != idempotency_key(other, Json{{"a", 1}, {"b", 2}}));
  // printf 'i1|r_1|2|0|search@1|{"a":1,"b":2}' | sha256sum | xxd -r -p | base32
  CHECK(key == "NAHMQWWYIY7QQ5JPGAHIWMKDNQBBB6IJ2LDDCN6VT2XZYKDTL6DA");
}
