#include "tests/agents/world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

// One run to its end.
std::string run_once(World& world, const std::string& text = "What is it?") {
  world.resume();
  auto accepted = world.submit(world.session(), text);
  REQUIRE(accepted);
  world.finished(accepted->run);
  return accepted->run;
}

void check_same(World& world, const std::string& run) {
  auto replayed = world.replay_of(run);
  REQUIRE_MESSAGE(replayed, replayed.error().message);
  CAPTURE(replayed->why);
  CAPTURE((replayed->difference ? as_text(*replayed->difference) : std::string()));
  CHECK(replayed->outcome == Replayed::Outcome::same);
}

Difference check_differs(World& world, const std::string& run) {
  auto replayed = world.replay_of(run);
  REQUIRE_MESSAGE(replayed, replayed.error().message);
  CAPTURE(replayed->why);
  REQUIRE(replayed->outcome == Replayed::Outcome::differs);
  return *replayed->difference;
}

// A tool beside `look`.
std::shared_ptr<fakes::TestTool> tool_named(std::string name, tools::Effect effect,
                                            fakes::TestTool::Body body) {
  return std::make_shared<fakes::TestTool>(std::move(name), effect, std::move(body));
}

}  // namespace

TEST_CASE("a run with a tool replays to the same events") {
  World world(says({kCall, kAnswer}));
  check_same(world, run_once(world));
}

TEST_CASE("a replay calls no tool, asks no model and writes nothing into the store") {
  auto model = says({kCall, kAnswer});
  World world(model);
  const std::string run = run_once(world);
  const auto frames = fakes::run(world.loop, world.journal->read_run_events(run));
  const auto facts = fakes::run(world.loop, world.journal->read_facts(run));
  check_same(world, run);
  CHECK(model->calls() == 2);
  CHECK(world.tool->keys.size() == 1);
  CHECK(fakes::run(world.loop, world.journal->read_run_events(run))->size() == frames->size());
  CHECK(fakes::run(world.loop, world.journal->read_facts(run))->size() == facts->size());
}

TEST_CASE("replies that were unreadable, repaired or called a tool that is not there replay") {
  World world(says({"no json at all", R"({'thought': 'x', 'action': 'looks', 'action_input': {'x': 1}})",
                    R"({"thought":"a","action":"look","action_input":{"y":1}})", kCall, kAnswer}));
  check_same(world, run_once(world));
}

TEST_CASE("calls of one step beside each other replay in the order in which they ended") {
  auto slow = tool_named("slow", tools::Effect::idempotent,
                         [](const tools::ToolInput&) { return tools::ToolOutput{"slowly", {}}; });
  slow->takes = 20ms;
  World world(
      says(
          {R"({"thought":"both","actions":[{"tool":"slow","input":{"x":1}},{"tool":"look","input":{"x":2}}]})",
           kAnswer}),
      {}, {}, {.tools = {slow}});
  check_same(world, run_once(world));
}

TEST_CASE("two equal calls of one step that brought different things replay") {
  int calls = 0;
  auto count = tool_named("count", tools::Effect::pure, [&calls](const tools::ToolInput&) {
    return tools::ToolOutput{"number " + std::to_string(++calls), {}};
  });
  World world(
      says(
          {R"({"thought":"both","actions":[{"tool":"count","input":{"x":1}},{"tool":"count","input":{"x":1}}]})",
           kAnswer}),
      {}, {}, {.tools = {count}});
  check_same(world, run_once(world));
}

TEST_CASE("a tool that failed, and one whose sources are cited, replay") {
  auto broken = tool_named("broken", tools::Effect::at_most_once, [](const tools::ToolInput&) {
    return fail(ErrorCode::tool, "it is broken; try another");
  });
  auto cited = tool_named("cited", tools::Effect::pure, [](const tools::ToolInput&) {
    return tools::ToolOutput{"see the page", {{"The page", "https://example.org/p"}}};
  });
  World world(says({R"({"thought":"a","action":"broken","action_input":{"x":1}})",
                    R"({"thought":"b","action":"cited","action_input":{"x":1}})",
                    R"({"thought":"c","final_answer":"It is on https://example.org/p"})"}),
              {}, {}, {.tools = {broken, cited}});
  check_same(world, run_once(world));
}

TEST_CASE("an output that was too long, and reading on in it, replay") {
  auto chatty = tool_named("long", tools::Effect::pure, [](const tools::ToolInput&) {
    return tools::ToolOutput{std::string(30'000, 'x') + " the end", {}};
  });
  World world(says({R"({"thought":"a","action":"long","action_input":{"x":1}})",
                    R"({"thought":"b","action":"read_more","action_input":{"cursor":"c_1"}})", kAnswer}),
              {}, {}, {.tools = {chatty}});
  check_same(world, run_once(world));
}

TEST_CASE("what tools spent on models, and what they warned of, replays") {
  auto model = says({kCall, kAnswer});
  model->usage = {.input_tokens = 100, .output_tokens = 20};
  World world(model, {}, {}, {.price = models::Price{.input = 1, .output = 2}});
  world.tool->spends = {{.model = "m", .usage = {.input_tokens = 7, .output_tokens = 3}, .cost = 0.5}};
  check_same(world, run_once(world));
}

TEST_CASE("limits of steps, of repeated calls and of tokens replay") {
  SUBCASE("steps") {
    World world(says({kCall, R"({"thought":"x","action":"look","action_input":{"x":2}})", kCall}), {},
                {.steps = 2});
    check_same(world, run_once(world));
  }
  SUBCASE("repeats") {
    World world(says({kCall, kCall, kCall, kCall, kCall}), {}, {.repeats = 2});
    check_same(world, run_once(world));
  }
  SUBCASE("tokens, with a stream that is cut off") {
    World world(says({std::string("{\"thought\":\"") + std::string(40'000, 'a')}), {}, {.tokens = 4'000});
    check_same(world, run_once(world));
  }
  SUBCASE("tokens, with a best answer") {
    World::More more;
    more.agent.on_limit = OnLimit::answer;
    World world(says({std::string("{\"thought\":\"") + std::string(40'000, 'a'), kAnswer}), {},
                {.tokens = 6'000}, more);
    check_same(world, run_once(world));
  }
  SUBCASE("tokens, spent on thinking aloud") {
    World world(says({ScriptedModel::Ponder{std::string(400, 'h')}}), {}, {.tokens = 3'000});
    check_same(world, run_once(world));
  }
  SUBCASE("cost") {
    auto model = says({kCall, kCall, kAnswer});
    model->usage = {.input_tokens = 1'000, .output_tokens = 500};
    World world(model, {}, {.cost = 0.004}, {.price = models::Price{.input = 1, .output = 2}});
    check_same(world, run_once(world));
  }
}

TEST_CASE("the end of a run's time replays without anybody waiting for it") {
  SUBCASE("while the model is silent") {
    World world(says({kCall, ScriptedModel::Hang{}}), {}, {.time = 80ms});
    check_same(world, run_once(world));
  }
  SUBCASE("while a tool is at work") {
    World world(says({kCall}), {}, {.time = 80ms});
    world.tool->hang = true;
    check_same(world, run_once(world));
  }
  SUBCASE("with a best answer in what is left of it") {
    World::More more;
    more.agent.on_limit = OnLimit::answer;
    World world(says({kCall, ScriptedModel::Hang{}, kAnswer}), {}, {.time = 400ms}, more);
    check_same(world, run_once(world));
  }
  SUBCASE("of one tool alone") {
    World world(says({kCall, kAnswer}), {}, {.tool_time = 30ms});
    world.tool->hang = true;
    check_same(world, run_once(world));
  }
}

TEST_CASE("errors of models replay") {
  SUBCASE("one that ends the run") {
    World world(says({kCall, Error{.code = ErrorCode::model, .message = "no such model", .status = 404}}));
    check_same(world, run_once(world));
  }
  SUBCASE("a reply that broke off and was asked for again") {
    World world(says({ScriptedModel::Break{R"({"thought":"let me)"}, kCall, kAnswer}));
    check_same(world, run_once(world));
  }
  SUBCASE("a conversation that was too long for the model") {
    World world(
        says({kCall, Error{.code = ErrorCode::too_large, .message = "maximum context length is 900 tokens"},
              kAnswer}));
    world.tool = tool_named("look", tools::Effect::pure, [](const tools::ToolInput&) {
      return tools::ToolOutput{std::string(6'000, 'w'), {}};
    });
    world.close();
    world.open();
    check_same(world, run_once(world));
  }
  SUBCASE("a fallback that answers") {
    World world(says({Error{.code = ErrorCode::unavailable, .message = "down"}, kAnswer}), {}, {},
                {.fallbacks = {{"other", says({kCall}), std::nullopt}}});
    check_same(world, run_once(world));
  }
}

TEST_CASE("a run that was cancelled replays to its end") {
  SUBCASE("while the model was silent") {
    World world(says({kCall, ScriptedModel::Hang{}}));
    world.resume();
    auto accepted = world.submit(world.session(), "go");
    world.until([&] { return world.seen("observation"); });
    REQUIRE(fakes::run(world.loop, world.desk->cancel({}, accepted->run, CancelMode::now)));
    world.finished(accepted->run);
    check_same(world, accepted->run);
  }
  SUBCASE("while a tool was at work") {
    World world(says({kCall, kAnswer}));
    world.tool->hang = true;
    world.resume();
    auto accepted = world.submit(world.session(), "go");
    world.until([&] { return world.seen("action"); });
    REQUIRE(fakes::run(world.loop, world.desk->cancel({}, accepted->run, CancelMode::now)));
    world.finished(accepted->run);
    check_same(world, accepted->run);
  }
  SUBCASE("after its step") {
    World world(says({kCall, kAnswer}));
    world.tool->takes = 50ms;
    world.resume();
    auto accepted = world.submit(world.session(), "go");
    world.until([&] { return world.seen("action"); });
    REQUIRE(fakes::run(world.loop, world.desk->cancel({}, accepted->run, CancelMode::after_step)));
    world.finished(accepted->run);
    check_same(world, accepted->run);
  }
  SUBCASE("before it began") {
    World world(says({ScriptedModel::Hang{}}));
    world.resume();
    const std::string session = world.session();
    auto first = world.submit(session, "one");
    auto second = world.submit(session, "two");
    REQUIRE(fakes::run(world.loop, world.desk->cancel({}, second->run, CancelMode::now)));
    world.finished(second->run);
    REQUIRE(fakes::run(world.loop, world.desk->cancel({}, first->run, CancelMode::now)));
    world.finished(first->run);
    check_same(world, first->run);
    check_same(world, second->run);
  }
}

TEST_CASE("decisions of people replay") {
  World::More more;
  more.agent.approve = {"look"};
  World world(says({kCall, kAnswer}), {}, {}, more);
  world.resume();
  auto accepted = world.submit(world.session(), "go");
  world.until([&] { return world.seen("approval.required"); });
  Decision decision{.principal = {"ann", "default"}, .run = accepted->run, .call = "c_1", .approve = true};
  SUBCASE("approved") {}
  SUBCASE("approved with another input") {
    decision.input = Json{{"x", 7}};
  }
  SUBCASE("denied") {
    decision.approve = false;
    decision.reason = "not today";
  }
  REQUIRE(fakes::run(world.loop, world.desk->decide(decision)));
  world.finished(accepted->run);
  check_same(world, accepted->run);
}

TEST_CASE("a decision that nobody made in time replays") {
  World::More more;
  more.agent.approve = {"look"};
  more.agent.approvals.timeout = 30ms;
  World world(says({kCall, kAnswer}), {}, {}, more);
  check_same(world, run_once(world));
}

TEST_CASE("a run that waited for a person when it was cancelled replays") {
  World::More more;
  more.agent.approve = {"look"};
  World world(says({kCall, kAnswer}), {}, {}, more);
  world.resume();
  auto accepted = world.submit(world.session(), "go");
  world.until([&] { return world.seen("approval.required"); });
  REQUIRE(fakes::run(world.loop, world.desk->cancel({}, accepted->run, CancelMode::now)));
  world.finished(accepted->run);
  check_same(world, accepted->run);
}

TEST_CASE("a run that went through a restart replays with the restart") {
  SUBCASE("while the model was asked") {
    auto model = says({kCall, ScriptedModel::Hang{}, kAnswer});
    model->usage = {.input_tokens = 50, .output_tokens = 5};
    World world(model);
    world.resume();
    auto accepted = world.submit(world.session(), "go");
    world.until([&] { return model->calls() == 2; });
    world.close();
    world.open();
    world.watch(fakes::run(world.loop, world.journal->find_run(accepted->run)).value()->session);
    world.resume();
    world.finished(accepted->run);
    check_same(world, accepted->run);
  }
  SUBCASE("while a tool was at work that must not be called twice") {
    auto send = tool_named("send", tools::Effect::at_most_once,
                           [](const tools::ToolInput&) { return tools::ToolOutput{"sent", {}}; });
    send->hang = true;
    World world(says({R"({"thought":"a","action":"send","action_input":{"x":1}})", kAnswer}), {}, {},
                {.tools = {send}});
    world.resume();
    auto accepted = world.submit(world.session(), "go");
    world.until([&] { return send->keys.size() == 1; });
    world.close();
    world.open();
    world.watch(fakes::run(world.loop, world.journal->find_run(accepted->run)).value()->session);
    world.resume();
    world.finished(accepted->run);
    check_same(world, accepted->run);
  }
}

TEST_CASE("later turns of a conversation replay with what they recalled, whatever came after them") {
  World world(says(
      {kAnswer, R"({"thought":"b","final_answer":"second"})", R"({"thought":"c","final_answer":"third"})"}));
  world.resume();
  const std::string session = world.session();
  std::vector<std::string> runs;
  for (const char* text : {"one", "two", "three"}) {
    runs.push_back(world.submit(session, text)->run);
    world.finished(runs.back());
  }
  for (const std::string& run : runs) check_same(world, run);
}

TEST_CASE("rules that ask a model replay") {
  World::More more;
  SUBCASE("an answer that is sent back once") {
    more.agent.guardrails.output = {{.name = "kind", .model = "j", .prompt = "It is kind.", .retries = 1}};
    more.judges["j"] =
        says({R"({"pass":false,"reason":"rude"})", "no verdict", R"({"pass":true,"reason":"kind"})"});
    World world(says({kCall, kAnswer, R"({"thought":"again","final_answer":"It is 42, please."})"}), {}, {},
                more);
    check_same(world, run_once(world));
  }
  SUBCASE("a message that is refused beside the run") {
    more.agent.guardrails.input = {
        {.name = "on topic", .model = "j", .prompt = "It is on topic.", .mode = RuleMode::parallel}};
    more.judges["j"] = says({R"({"pass":false,"reason":"off"})"});
    World world(says({ScriptedModel::Hang{}}), {}, {}, more);
    check_same(world, run_once(world));
  }
  SUBCASE("a model that judges and cannot be asked") {
    more.agent.guardrails.output = {{.name = "kind", .model = "j", .prompt = "It is kind."}};
    more.judges["j"] = says({Error{.code = ErrorCode::unavailable, .message = "down"}});
    World world(says({kAnswer}), {}, {}, more);
    check_same(world, run_once(world));
  }
}

TEST_CASE("what changed the outcome is the first difference") {
  World world(says({kCall, kAnswer}));
  world.replays = false;
  const std::string run = run_once(world);
  SUBCASE("a prompt") {
    world.more().agent.instructions = "Be brief.";
    const Difference difference = check_differs(world, run);
    CHECK(difference.request);
    CHECK(difference.number == 1);
    CHECK(difference.what == "model.intent");
    CHECK(difference.field == "/system");
    CHECK(as_text(difference).find("Be brief.") != std::string::npos);
  }
  SUBCASE("a limit of steps") {
    world.limits().steps = 1;
    const Difference difference = check_differs(world, run);
    CHECK(difference.run == run);
    CHECK(difference.what == "action");  // of a step that no other could follow
  }
  SUBCASE("how much an agent reads of an output") {
    world.limits().observation = 4;
    const Difference difference = check_differs(world, run);
    CHECK(!difference.request);
    CHECK(difference.what == "observation");
    CHECK(difference.field == "/output");
    CHECK(*difference.recorded == "forty-two");
    CHECK(difference.step == 1);
    CHECK(difference.before.back().starts_with("action (step 1)"));
  }
  SUBCASE("a call that waits for a person now") {
    world.more().agent.approve = {"look"};
    CHECK(check_differs(world, run).what == "tool.intent");
  }
  SUBCASE("a price") {
    world.more().price = models::Price{.input = 1, .output = 1};
    check_same(world, run);  // it used nothing
  }
}

TEST_CASE("a run that is not finished is compared as far as it goes") {
  World world(says({kCall, ScriptedModel::Hang{}}));
  world.replays = false;
  world.resume();
  auto accepted = world.submit(world.session(), "go");
  world.until([&] { return world.seen("observation"); });
  auto replayed = world.replay_of(accepted->run);
  REQUIRE(replayed);
  CHECK(replayed->unfinished);
  CHECK(replayed->outcome == Replayed::Outcome::same);
  world.limits().observation = 4;
  CHECK(check_differs(world, accepted->run).what == "observation");
}

TEST_CASE("a run that is not there cannot be replayed") {
  World world(says({kAnswer}));
  run_once(world);
  auto replayed = world.replay_of("r_nobody");
  REQUIRE(!replayed);
  CHECK(replayed.error().code == ErrorCode::not_found);
}
