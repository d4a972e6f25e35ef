#include "tests/agents/world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

const std::string kLong = R"({"thought":"t","final_answer":")" + std::string(12'000, 'x') + R"("})";

World::More with(AgentSettings agent) {
  return {.agent = std::move(agent)};
}

/// Notes how much time each call is given.
class Timed final : public models::Model {
 public:
  explicit Timed(std::vector<ScriptedModel::Line> lines) : model_(std::move(lines)) {}
  std::vector<Milliseconds> given;

  Task<Result<models::ModelReply>> complete(models::ModelRequest request, models::TokenSink& sink,
                                            CallContext& context) override {
    given.push_back(context.deadline.remaining(context.loop.clock().now()));
    return model_.complete(std::move(request), sink, context);
  }
  const std::string& name() const override { return model_.name(); }

 private:
  ScriptedModel model_;
};

}  // namespace

TEST_CASE("a stream is closed in the middle when the run's tokens are spent, and its usage is an estimate") {
  World world(says({kLong}), {}, {.tokens = 2'000});
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);

  const Json end = world.last("run.finished");
  CHECK(end["status"] == "limit");
  CHECK(end["reason"] == "max_tokens");
  CHECK(world.last("usage")["estimated"] == true);
  const auto used = end["input_tokens"].get<std::int64_t>() + end["output_tokens"].get<std::int64_t>();
  CHECK(used >= 1'990);
  CHECK(used <= 2'010);  // one piece of the stream
  CHECK(world.seen("stream.reset"));
  CHECK_FALSE(world.seen("answer"));
  CHECK(world.last("warning")["code"] == "reply_cut");
}

TEST_CASE("a model that thinks without end is cut where the run's tokens are") {
  World world(says({ScriptedModel::Ponder{std::string(400, 'h')}}), {}, {.tokens = 2'000});
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("run.finished")["reason"] == "max_tokens");
  const auto used = world.last("run.finished")["output_tokens"].get<std::int64_t>();
  CHECK(used > 500);
  CHECK(used < 2'000);
}

TEST_CASE("a cost limit cuts the stream, too") {
  World world(says({kLong}), {}, {.cost = 0.002}, {.price = models::Price{.input = 0, .output = 10}});
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("run.finished")["reason"] == "max_cost");
  CHECK(world.last("run.finished")["cost"].get<double>() == doctest::Approx(0.002).epsilon(0.02));
}

TEST_CASE(
    "at a limit a best answer is asked for, shown and remembered, and the run says which limit it was") {
  auto model = says({kCall, R"({"thought":"t","final_answer":"about 40"})"});
  World world(model, {}, {.steps = 2}, with({.on_limit = OnLimit::answer}));
  world.resume();
  std::string session = world.session();
  auto run = world.submit(session, "q");
  world.finished(run->run);

  CHECK(model->heard()[1].contains("limit_reached"));
  CHECK(world.last("answer")["text"] == "about 40");
  CHECK(world.last("run.finished")["status"] == "limit");
  CHECK(world.last("run.finished")["reason"] == "max_steps");

  model->say(kAnswer);
  auto next = world.submit(session, "and?");
  world.finished(next->run);
  auto turns = fakes::run(world.loop, world.journal->turns(session, "a", 10));
  REQUIRE(turns);
  CHECK(turns->front().answer == "about 40");
}

TEST_CASE("a model that hangs is cut where its last answer still has time, which it then gives") {
  World world(says({ScriptedModel::Hang{}, kAnswer}), {}, {.time = 400ms},
              with({.on_limit = OnLimit::answer}));
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("run.finished")["reason"] == "max_time");
  CHECK(world.last("answer")["text"] == "It is 42.");
}

TEST_CASE("a last answer that does not come in time ends the run") {
  World world(says({ScriptedModel::Hang{}, ScriptedModel::Hang{}}), {}, {.time = 200ms},
              with({.on_limit = OnLimit::answer}));
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("run.finished")["reason"] == "max_time");
  CHECK_FALSE(world.seen("answer"));
}

TEST_CASE("a tool that hangs until the deadline leaves no dangling call, and a best answer follows") {
  World world(says({kCall, kAnswer}), {}, {.time = 400ms}, with({.on_limit = OnLimit::answer}));
  world.tool->hang = true;
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.types() == std::vector<std::string>{"run.started", "thought", "action", "observation",
                                                  "thought", "answer", "usage", "run.finished"});
  CHECK(world.last("run.finished")["status"] == "limit");
}

TEST_CASE("the same call again and again ends the run with repeated_action") {
  World world(says({kCall, kCall, kCall, kCall, kCall}), {}, {.repeats = 2});
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("run.finished")["reason"] == "repeated_action");
  CHECK(world.tool->keys.size() == 2);
}

TEST_CASE("what a crash took of a call counts against the run's tokens") {
  auto model = says({ScriptedModel::Hang{}, ScriptedModel::Hang{}, ScriptedModel::Hang{}});
  World world(model, {}, {.tokens = 1'500});
  world.resume();
  std::string session = world.session();
  auto run = world.submit(session, "q");
  int calls = 0;
  for (; calls < 10; ++calls) {  // a crash loop cannot evade the limit
    if (calls > 0) {
      world.open();
      world.watch(session);
      model->say(ScriptedModel::Hang{});
      world.resume();
    }
    world.until([&] { return model->calls() == calls + 1 || world.seen("run.finished"); });
    if (world.seen("run.finished")) break;
    world.close();
  }
  CHECK(calls < 6);
  CHECK(calls > 1);
  CHECK(world.last("run.finished")["reason"] == "max_tokens");
}

TEST_CASE("as many calls of a step are at work at once as the limit says, and all are made in the end") {
  struct Counting {
    int now = 0;
    int most = 0;
  } counting;
  std::string calls;
  for (int i = 0; i < 7; ++i)
    calls += (i ? "," : "") + std::string(R"({"tool":"slow","input":{"x":)") + std::to_string(i) + "}}";
  auto model = says({R"({"actions":[)" + calls + "]}", kAnswer});
  auto slow =
      std::make_shared<fakes::TestTool>("slow", tools::Effect::pure, [](const tools::ToolInput& input) {
        return tools::ToolOutput{"result " + dump(input.arguments["x"]), {}};
      });
  slow->on_call = [&] { counting.most = std::max(counting.most, ++counting.now); };
  slow->on_end = [&] { --counting.now; };
  slow->takes = 5ms;
  World world(model, {}, {.parallel = 3}, {.tools = {slow}});
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);

  CHECK(counting.most == 3);
  CHECK(slow->keys.size() == 7);
  auto heard = parse_json(model->heard()[1]);
  REQUIRE(heard);
  for (int i = 0; i < 7; ++i) {  // in the order of the calls, whoever ended first
    CHECK((*heard)["observations"][static_cast<std::size_t>(i)]["call"] == "c_" + std::to_string(i + 1));
    CHECK((*heard)["observations"][static_cast<std::size_t>(i)]["output"] == "result " + std::to_string(i));
  }
}

TEST_CASE("a call that fails beside others does not lose what they bring") {
  auto broken = std::make_shared<fakes::TestTool>("broken", tools::Effect::pure,
                                                  [](const tools::ToolInput&) -> Result<tools::ToolOutput> {
                                                    return fail(ErrorCode::tool, "out of order");
                                                  });
  auto model =
      says({R"({"actions":[{"tool":"broken","input":{"x":1}},{"tool":"look","input":{"x":1}}]})", kAnswer});
  World world(model, {}, {}, {.tools = {broken}});
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(model->heard()[1].contains("out of order"));
  CHECK(model->heard()[1].contains("forty-two"));
  CHECK(world.last("run.finished")["status"] == "done");
}

TEST_CASE("a best answer has the time that is kept for it, also where broken replies lead to it") {
  auto timed = std::make_shared<Timed>(
      std::vector<ScriptedModel::Line>{ScriptedModel::Break{std::string(12'000, 'x')}, kAnswer});
  World::More more = with({.on_limit = OnLimit::answer});
  more.own = timed;
  World world(says({}), {}, {.tokens = 3'000, .time = 100s}, std::move(more));
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("run.finished")["reason"] == "max_tokens");
  CHECK(world.last("answer")["text"] == "It is 42.");
  REQUIRE(timed->given.size() == 2);
  CHECK(timed->given[0] <= 75s);
  CHECK(timed->given[1] > 80s);
}

TEST_CASE("the time that judged a refused answer is no time for the steps after it") {
  auto timed = std::make_shared<Timed>(std::vector<ScriptedModel::Line>{kAnswer, kCall, kAnswer});
  World::More more = with({.on_limit = OnLimit::answer});
  more.own = timed;
  more.agent.guardrails.output = {{.model = "j", .prompt = "Be kind."}};
  more.judges = {
      {"j", says({R"({"pass": false, "reason": "rude"})", R"({"pass": true, "reason": "fine"})"})}};
  World world(says({}), {}, {.time = 100s}, std::move(more));
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "done");
  REQUIRE(timed->given.size() == 3);
  for (Milliseconds given : timed->given) CHECK(given <= 75s);
}
