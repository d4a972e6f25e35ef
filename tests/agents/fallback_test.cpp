#include "tests/agents/world.h"

#include <cmath>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

const std::string kLong = R"({"thought":"t","final_answer":")" + std::string(4'000, 'x') + R"("})";
const Error kDown{
    .code = ErrorCode::model, .message = "model m: HTTP 500: boom", .retryable = true, .status = 500};

std::shared_ptr<ScriptedModel> down() {
  return std::make_shared<ScriptedModel>(
      [](const models::ModelRequest&) { return ScriptedModel::Line(kDown); });
}

std::shared_ptr<ScriptedModel> counted(std::vector<ScriptedModel::Line> lines) {
  auto model = says(std::move(lines));
  model->usage = {.input_tokens = 1'000, .output_tokens = 100};
  return model;
}

World::More with(std::shared_ptr<models::Model> second, models::Price second_price,
                 models::Price price = {1, 1}) {
  return {.price = price, .fallbacks = {{"second", std::move(second), second_price}}};
}

double told_cost(const World& world) {
  double sum = 0;
  for (const Frame& frame : world.frames)
    if (frame.type == "usage") sum += (*parse_json(*frame.text))["cost"].get<double>();
  return sum;
}

std::size_t warnings(const World& world, std::string_view code) {
  std::size_t count = 0;
  for (const Frame& frame : world.frames)
    count += frame.type == "warning" && (*parse_json(*frame.text))["code"] == code;
  return count;
}

/// Asks its chain from a later entry on, as a budget does.
class BeyondBudget final : public models::Model {
 public:
  BeyondBudget(std::shared_ptr<models::Model> second, std::string first) : first_(std::move(first)) {
    chain_ = std::make_shared<models::FallbackChain>(
        std::vector<models::FallbackChain::Entry>{{"m", down()}, {first_, std::move(second)}});
  }
  Task<Result<models::ModelReply>> complete(models::ModelRequest request, models::TokenSink& sink,
                                            CallContext& context) override {
    request.first_entry = first_;
    co_return co_await chain_->complete(std::move(request), sink, context);
  }
  const std::string& name() const override { return chain_->name(); }

 private:
  std::string first_;
  std::shared_ptr<models::FallbackChain> chain_;
};

}  // namespace

TEST_CASE("where the model fails the fallback answers, and its tokens are paid at its price") {
  World world(down(), {}, {}, with(counted({kCall, kAnswer}), {.input = 10, .output = 100}));
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);

  CHECK(world.last("answer")["text"] == "It is 42.");
  CHECK(warnings(world, "fallback") == 2);  // one a step
  CHECK(world.last("warning")["text"] == "model m: HTTP 500: boom; model `second` is asked in its place");
  const Json end = world.last("run.finished");
  CHECK(end["status"] == "done");
  CHECK(end["cost"].get<double>() == doctest::Approx(2 * (0.01 + 0.01)));
  CHECK(told_cost(world) == doctest::Approx(end["cost"].get<double>()));
  CHECK(world.last("usage")["model"] == "scripted");
  auto facts = fakes::run(world.loop, world.journal->read_facts(run->run));
  REQUIRE(facts);
  int kept = 0;
  for (const store::Fact& fact : *facts)
    if (fact.kind == "model.reply") kept += string_or(*parse_json(fact.body), "entry") == "second";
  CHECK(kept == 2);
}

TEST_CASE("a dearer fallback is cut in the middle where the run's money ends") {
  World world(down(), {}, {.cost = 0.002}, with(says({kLong}), {.input = 0, .output = 10}, {0, 0.1}));
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  const Json end = world.last("run.finished");
  CHECK(end["reason"] == "max_cost");
  CHECK(end["cost"].get<double>() == doctest::Approx(0.002).epsilon(0.05));
  CHECK(world.last("warning")["code"] == "reply_cut");
}

TEST_CASE("a cheaper fallback may write more than the model itself could") {
  World world(down(), {}, {.cost = 0.002}, with(says({kLong}), {.input = 0, .output = 1}, {0, 100}));
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "done");
  CHECK(world.last("answer")["text"].get<std::string>().size() == 4'000);
}

TEST_CASE(
    "a reply of a fallback that breaks off costs its price, and the model itself is asked again first") {
  auto main = down();
  auto second = counted({ScriptedModel::Break{R"({"thought":")" + std::string(400, 'x')}, kAnswer});
  World world(main, {}, {}, with(second, {.input = 0, .output = 1'000}));
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(main->calls() == 2);
  CHECK(second->calls() == 2);
  const double cost = world.last("run.finished")["cost"].get<double>();
  CHECK(cost > 0.2);  // of a hundred tokens each
  CHECK(told_cost(world) == doctest::Approx(cost));
  CHECK(warnings(world, "reply_broken") == 1);
}

TEST_CASE("a run that goes on after a crash counts what a fallback cost as before") {
  auto second = counted({kCall, ScriptedModel::Hang{}, kAnswer});
  World world(down(), {}, {}, with(second, {.input = 10, .output = 100}));
  world.resume();
  std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return second->calls() == 2; });
  world.close();
  world.open();
  world.watch(session);
  world.resume();
  world.finished(run->run);
  CHECK(second->calls() == 3);
  CHECK(world.last("run.finished")["cost"].get<double>() == doctest::Approx(0.04));
}

TEST_CASE("what a crash took of a fallback is charged at its price and under its name") {
  auto main = says({});
  auto second = says({ScriptedModel::Hang{}, ScriptedModel::Hang{}, kAnswer});
  World world(main, {}, {.cost = 1}, with(second, {.input = 10, .output = 10}, {1e6, 1e6}));
  world.resume();
  std::string session = world.session();
  auto run = world.submit(session, "q");
  for (int crashes = 1; crashes <= 2; ++crashes) {
    world.until([&] { return second->calls() == crashes; });
    world.close();
    world.open();
    world.watch(session);
    world.resume();
  }
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "done");
  CHECK(main->calls() == 0);
  auto ledger = fakes::run(world.loop, world.journal->usage({.by = store::UsageBy::model}));
  REQUIRE(ledger);
  REQUIRE(ledger->size() == 1);
  CHECK(ledger->front().key == "second");
  CHECK(ledger->front().used.calls == 2);
  CHECK(ledger->front().used.cost > 0);
  CHECK(ledger->front().used.cost < 0.1);
}

TEST_CASE("when all models fail the run says what each of them said") {
  auto second = says({Error{ErrorCode::network, "model second: connection refused"}});
  World world(down(), {}, {}, with(second, {}));
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("run.finished")["reason"] == "model_error");
  CHECK(world.last("run.finished")["error"] == "model m: HTTP 500: boom; model second: connection refused");
}

TEST_CASE("who is asked in its place is told while that is still awaited, and once") {
  auto second = says({ScriptedModel::Hang{}});
  World world(down(), {}, {}, with(second, {}));
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.until([&] { return world.seen("warning"); });
  CHECK(world.last("warning")["code"] == "fallback");
  CHECK(second->calls() == 1);
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, run->run, CancelMode::now)));
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "cancelled");
  CHECK(world.types(run->run) == std::vector<std::string>{"run.started", "warning", "run.finished"});
}

TEST_CASE("models that are beyond a budget at every step are told of once") {
  auto second = counted({kCall, kAnswer});
  World world(down(), {}, {}, with(std::make_shared<BeyondBudget>(second, "cheap"), {}));
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("answer")["text"] == "It is 42.");
  std::size_t told = 0;
  for (const Frame& frame : world.frames) told += frame.text->contains("`m` is beyond a budget");
  CHECK(told == 1);
}

TEST_CASE("a model that judges falls back, too, at the price of who judges") {
  auto cheap = counted({R"({"pass": true, "reason": "fine"})"});
  auto judge = std::make_shared<models::FallbackChain>(
      std::vector<models::FallbackChain::Entry>{{"j", down()}, {"second", cheap}});
  World::More more = with(cheap, {.input = 10, .output = 100});
  more.judges = {{"j", judge}};
  more.judge_price = models::Price{.input = 1'000, .output = 1'000};
  more.agent.guardrails.input = {{.model = "j", .prompt = "No medical advice."}};
  World world(says({kAnswer}), {}, {}, std::move(more));
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "done");
  CHECK(world.last("run.finished")["cost"].get<double>() == doctest::Approx(0.02));
  CHECK(warnings(world, "fallback") == 1);
}
