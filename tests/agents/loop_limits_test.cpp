#include "agents/limits.h"
#include "agents/react/loop.h"
#include "models/stream_budget.h"
#include "models/token_estimate.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

ReactLoop loop_with(AgentLimits limits, LoopRules rules = {}) {
  return ReactLoop(limits,
                   {.system = "sys", .history = {}, .user = {.role = models::Role::user, .content = "q?"}},
                   nullptr, nullptr, rules);
}

models::ModelReply reply(std::string text, models::Usage usage = {}) {
  models::ModelReply made;
  made.text = std::move(text);
  made.usage = usage;
  return made;
}

ParsedStep calls(Json input) {
  return ParsedStep{.outcome = ActionStep{{{"t", std::move(input), ""}}}, .consumed = 1};
}
ParsedStep answer(std::string text) {
  return ParsedStep{.outcome = FinalStep{std::move(text), nullptr}, .consumed = 1};
}

std::vector<Observation> observed(const Step& step, std::string output) {
  std::vector<Observation> seen;
  for (const PlannedCall& call : std::get<RunTools>(step).calls)
    seen.push_back({.call = call.id, .tool = call.tool, .ok = true, .output = output});
  return seen;
}

const AskModel& asked(const Step& step) {
  REQUIRE(std::holds_alternative<AskModel>(step));
  return std::get<AskModel>(step);
}
const Finish& ended(const Step& step) {
  REQUIRE(std::holds_alternative<Finish>(step));
  return std::get<Finish>(step);
}

constexpr LoopRules kAnswerAtLimit{.on_limit = OnLimit::answer};

}  // namespace

TEST_CASE("a call is refused before it is made when its request alone passes the limit") {
  ReactLoop loop = loop_with({.tokens = 1'000});
  (void)loop.start();
  Step step = loop.on_reply(reply("a", {.input_tokens = 100, .output_tokens = 100}), calls({{"x", 1}}), 0);

  Step end = loop.on_observations(observed(step, std::string(4'000, 'x')));

  CHECK(ended(end).reason == "max_tokens");
  CHECK(loop.input_tokens() + loop.output_tokens() == 200);
}

TEST_CASE("what a call may write is what is left after its request") {
  ReactLoop loop = loop_with({.tokens = 1'000});
  const std::int64_t first = asked(loop.start()).allowance.output;
  CHECK(first > 900);
  CHECK(first < 1'000);
  Step step = loop.on_reply(reply("a", {.input_tokens = 300, .output_tokens = 100}), calls({{"x", 1}}), 0);
  Step next = loop.on_observations(observed(step, "ok"));

  // 400 are used; the next request has what the provider counted and what came since.
  CHECK(asked(next).allowance.input > 300);
  CHECK(asked(next).allowance.input < 400);
  CHECK(asked(next).allowance.output == 600 - asked(next).allowance.input);
}

TEST_CASE("a cost limit bounds what a call may write, and its stream says so when it is cut") {
  LoopRules rules{.price = models::Price{.input = 1, .output = 10}};
  ReactLoop loop = loop_with({.cost = 0.001}, rules);  // 100 output tokens
  const AskModel first = asked(loop.start());
  CHECK(first.allowance.reason == "max_cost");
  CHECK(first.allowance.output <= 100);
  CHECK(first.allowance.output > 90);

  Step end = loop.on_cut(reply("…", {.input_tokens = 10, .output_tokens = 99}), 0.001, {"max_cost", "cut"});

  CHECK(ended(end).status == "limit");
  CHECK(ended(end).reason == "max_cost");
}

TEST_CASE("on_limit: answer keeps the last step for a best answer, without tools") {
  ReactLoop loop = loop_with({.steps = 2}, kAnswerAtLimit);
  CHECK_FALSE(asked(loop.start()).last);
  Step step = loop.on_reply(reply("a"), calls({{"x", 1}}), 0);
  Step last = loop.on_observations(observed(step, "half of it"));

  CHECK(asked(last).last);
  CHECK(loop.transcript()->messages().back().content.contains("limit_reached"));
  Step end = loop.on_reply(reply("b"), answer("what I know"), 0);
  CHECK(ended(end).status == "limit");
  CHECK(ended(end).reason == "max_steps");
  CHECK(ended(end).answer == "what I know");
  CHECK(loop.step() == 2);
}

TEST_CASE("a best answer is asked for once: another call of a tool, or nonsense, ends the run without one") {
  for (ParsedStep bad : {calls({{"x", 2}}), ParsedStep{.outcome = Malformed{"no step"}}}) {
    ReactLoop loop = loop_with({.steps = 2}, kAnswerAtLimit);
    (void)loop.start();
    Step step = loop.on_reply(reply("a"), calls({{"x", 1}}), 0);
    REQUIRE(asked(loop.on_observations(observed(step, "ok"))).last);

    Step end = loop.on_reply(reply("b"), bad, 0);

    CHECK(ended(end).reason == "max_steps");
    CHECK(ended(end).answer.empty());
  }
}

TEST_CASE("a run of one step has none to spare for a best answer") {
  ReactLoop loop = loop_with({.steps = 1}, kAnswerAtLimit);
  CHECK_FALSE(asked(loop.start()).last);
  CHECK(ended(loop.on_reply(reply("a"), calls({{"x", 1}}), 0)).reason == "max_steps");
}

TEST_CASE("what the last answer may cost was kept back: it fits whatever came before it") {
  constexpr std::int64_t kTokens = 2'000;
  for (std::size_t observation : {0u, 100u, 3'000u, 100'000u}) {
    ReactLoop loop = loop_with({.tokens = kTokens}, kAnswerAtLimit);
    const Allowance first = asked(loop.start()).allowance;
    // The model uses everything it may.
    const std::string text(static_cast<std::size_t>(first.output) * 4, 'a');
    Step step = loop.on_reply(reply(text, {.input_tokens = first.input, .output_tokens = first.output}),
                              calls({{"x", 1}}), 0);
    Step last = loop.on_observations(observed(step, std::string(observation, 'o')));

    INFO(observation);
    REQUIRE(asked(last).last);
    CHECK(asked(last).allowance.output >= limits::kBestAnswerTokensMin);
    const std::int64_t used = loop.input_tokens() + loop.output_tokens();
    CHECK(used + asked(last).allowance.input + asked(last).allowance.output <= kTokens);
  }
}

TEST_CASE("a reply that was cut off is followed by a best answer where one is wanted") {
  ReactLoop loop = loop_with({.tokens = 2'000}, kAnswerAtLimit);
  const Allowance first = asked(loop.start()).allowance;
  Step last = loop.on_cut(reply("{", {.input_tokens = first.input, .output_tokens = first.output}), 0,
                          {"max_tokens", "cut"});
  CHECK(asked(last).last);
  // Half an action is not part of the conversation.
  CHECK(loop.transcript()->messages().back().role == models::Role::user);
  CHECK(ended(loop.on_cut(reply("{"), 0, {"max_tokens", "again"})).reason == "max_tokens");
}

TEST_CASE("at the deadline the calls at work are told of before a best answer is asked for") {
  ReactLoop loop = loop_with({}, kAnswerAtLimit);
  (void)loop.start();
  Step step = loop.on_reply(reply("a"), calls({{"x", 1}}), 0);

  Step last = loop.on_interrupt(Interrupt::deadline, observed(step, "too late"));

  CHECK(asked(last).last);
  const auto& messages = loop.transcript()->messages();
  CHECK(messages[messages.size() - 2].content.contains("too late"));
  CHECK(ended(loop.on_interrupt(Interrupt::deadline)).reason == "max_time");
  CHECK(ended(loop_with({}, kAnswerAtLimit).on_interrupt(Interrupt::cancelled)).status == "cancelled");
}

TEST_CASE("the same input written in another order is the same call") {
  ReactLoop loop = loop_with({.repeats = 2});
  (void)loop.start();
  Step step = loop.on_reply(reply("a"), calls(*parse_json(R"({"a":1,"b":{"c":2,"d":3}})")), 0);
  (void)loop.on_observations(observed(step, "ok"));
  step = loop.on_reply(reply("a"), calls(*parse_json(R"({"b":{"d":3,"c":2},"a":1})")), 0);
  CHECK_FALSE(std::get<RunTools>(step).calls[0].note.empty());
}

TEST_CASE("repeats: 1 lets a call be made once") {
  ReactLoop loop = loop_with({.repeats = 1});
  (void)loop.start();
  Step step = loop.on_reply(reply("a"), calls({{"x", 1}}), 0);
  CHECK(std::get<RunTools>(step).calls[0].note.empty());
  (void)loop.on_observations(observed(step, "ok"));
  step = loop.on_reply(reply("a"), calls({{"x", 1}}), 0);
  CHECK_FALSE(std::get<RunTools>(step).calls[0].refused.empty());
}

TEST_CASE("a denied call ends the run where that is wanted, else the agent is told") {
  for (OnDeny on_deny : {OnDeny::tell, OnDeny::stop}) {
    ReactLoop loop = loop_with({}, {.on_deny = on_deny});
    (void)loop.start();
    Step step = loop.on_reply(reply("a"), calls({{"x", 1}}), 0);
    auto seen = observed(step, "");
    seen[0].ok = false;
    seen[0].denied = true;
    seen[0].error = "not today";

    Step next = loop.on_observations(std::move(seen));

    if (on_deny == OnDeny::tell) {
      CHECK(std::holds_alternative<AskModel>(next));
      CHECK(loop.transcript()->messages().back().content.contains("not today"));
    } else {
      CHECK(ended(next).status == "denied");
      CHECK(ended(next).reason == "denied");
    }
  }
}

TEST_CASE("how to read on stands beside the output, not in it") {
  ReactLoop loop = loop_with({});
  (void)loop.start();
  Step step = loop.on_reply(reply("a"), calls({{"x", 1}}), 0);
  auto seen = observed(step, "head");
  seen[0].truncated = true;
  seen[0].more = Observation::More{.cursor = "c_1", .offset = 4, .bytes = 9};
  (void)loop.on_observations(std::move(seen));

  auto message = parse_json(loop.transcript()->messages().back().content);
  REQUIRE(message);
  CHECK((*message)["observation"]["output"] == "head");
  CHECK((*message)["observation"]["note"].get<std::string>().contains("read_more"));
}

TEST_CASE("spend that a crash took counts before the next call") {
  ReactLoop loop = loop_with({.tokens = 1'000});
  (void)loop.start();
  CHECK(asked(loop.on_lost({.input_tokens = 500}, 0)).allowance.output < 500);
  CHECK(ended(loop.on_lost({.input_tokens = 500}, 0)).reason == "max_tokens");
}

TEST_CASE("a stream's tokens are counted alike however it is cut into pieces") {
  const std::string text = "Hello, 세계! naïve 日本語 and a longer line of plain text to count.";
  models::StreamBudget whole(1'000'000);
  (void)whole.take(text);
  models::StreamBudget pieces(1'000'000);
  for (char c : text) (void)pieces.take(std::string_view(&c, 1));
  CHECK(whole.tokens() == pieces.tokens());
  CHECK(whole.tokens() == models::estimate_tokens(text));

  models::StreamBudget small(3);
  CHECK(small.take("12345678"));
  CHECK_FALSE(small.take("9"));
  CHECK(small.spent());
}

TEST_CASE("where a run's money is not enough for its model, the first fallback that it can pay is asked") {
  const models::Price dear{.input = 1'000, .output = 1'000};
  const std::vector<std::optional<models::Price>> fallbacks{dear, models::Price{.input = 1, .output = 1},
                                                            std::nullopt};
  ReactLoop loop = loop_with({.cost = 1}, {.price = dear, .fallbacks = fallbacks});
  CHECK(asked(loop.start()).allowance.entry == 0);
  Step next = loop.on_reply(reply("x", {.input_tokens = 900, .output_tokens = 90}), calls({{"n", 1}}), 0.99);
  next = loop.on_observations(observed(next, std::string(400, 'o')));
  CHECK(asked(next).allowance.entry == 2);
  CHECK(asked(next).allowance.reason == "max_cost");
  next = loop.on_reply(reply("x", {.input_tokens = 900, .output_tokens = 90}), calls({{"n", 2}}), 0.01);
  next = loop.on_observations(observed(next, "o"));
  CHECK(asked(next).allowance.entry == 3);
  CHECK(asked(next).allowance.reason == "max_tokens");

  ReactLoop alone = loop_with({.cost = 1}, {.price = dear, .fallbacks = {dear}});
  next = alone.start();
  next = alone.on_reply(reply("x", {.input_tokens = 900, .output_tokens = 90}), calls({{"n", 1}}), 0.9999);
  CHECK(ended(alone.on_observations(observed(next, "o"))).reason == "max_cost");
}

TEST_CASE("a budget that runs spend together ends a run without a last answer, and its step is not counted") {
  ReactLoop loop = loop_with({}, kAnswerAtLimit);
  asked(loop.start());
  const Finish end = ended(loop.on_budget({"max_cost", "the day's budget is spent", true}, false));
  CHECK(end.status == "limit");
  CHECK(end.reason == "max_cost");
  CHECK(end.detail == "the day's budget is spent");
  CHECK(loop.step() == 0);

  ReactLoop cut = loop_with({}, kAnswerAtLimit);
  asked(cut.start());
  CHECK(ended(cut.on_cut(reply("x"), 0, {"max_tokens", "spent", true})).status == "limit");
  CHECK(cut.step() == 1);

  ReactLoop last = loop_with({.steps = 2}, kAnswerAtLimit);
  asked(last.start());
  Step next = last.on_reply(reply("x"), calls({{"n", 1}}), 0);
  next = last.on_observations(observed(next, "o"));
  REQUIRE(asked(next).last);
  const Finish over = ended(last.on_budget({"max_cost", "the day's budget is spent", true}, false));
  CHECK(over.reason == "max_steps");
  CHECK(over.detail.contains("the day's budget is spent"));
}
