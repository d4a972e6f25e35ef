#include "tests/agents/world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

const models::Price kPrice{.input = 100, .output = 1'000};  // of `counted` calls: 0.2
const std::string kPass = R"({"pass": true, "reason": "fine"})";

/// Writes its answer slowly, so that several are written at once.
class Slow final : public models::Model {
 public:
  int pieces = 0;
  Task<Result<models::ModelReply>> complete(models::ModelRequest, models::TokenSink& sink,
                                            CallContext& context) override {
    models::ModelReply reply{.text = R"({"thought":"t","final_answer":")"};
    if (!sink.on_text(reply.text)) co_return reply;
    for (int i = 0; i < 1'000; ++i) {
      if (!co_await context.loop.sleep_for(Milliseconds(0), context.stop))
        co_return fail(stopped("the model", context.stop.reason()));
      ++pieces;
      reply.text += "word ";
      if (sink.on_text("word ")) continue;
      reply.finish = models::FinishReason::closed_early;
      co_return reply;
    }
    co_return fail(ErrorCode::internal, "nobody stopped it");
  }
  const std::string& name() const override { return name_; }

 private:
  std::string name_ = "slow";
};

World::More with(BudgetSettings budgets, std::optional<models::Price> price = kPrice,
                 AgentSettings agent = {}) {
  World::More more{.agent = std::move(agent), .price = price};
  more.budgets = budgets;
  return more;
}

std::shared_ptr<ScriptedModel> counted(std::vector<ScriptedModel::Line> lines,
                                       models::Usage usage = {.input_tokens = 1'000, .output_tokens = 100}) {
  auto model = says(std::move(lines));
  model->usage = usage;
  return model;
}

Json ask(World& world, const std::string& session, std::string tenant = "default") {
  world.watch(session);
  auto run = world.submit(session, "q", "", std::move(tenant));
  REQUIRE(run);
  world.finished(run->run);
  return world.last("run.finished");
}

store::Used ledger(World& world, store::UsageQuery query = {}) {
  store::Used used;
  auto rows = fakes::run(world.loop, world.journal->usage(std::move(query)));
  REQUIRE(rows);
  for (const store::UsageRow& row : *rows) used += row.used;
  return used;
}

void restart(World& world) {
  world.close();
  world.frames.clear();
  world.open();
  world.resume();
}

}  // namespace

TEST_CASE(
    "when a day's money is spent the next message ends at once, which budget it was, after a restart too") {
  auto model = counted({kAnswer, kAnswer});
  World world(model, {}, {}, with({.tenant_day = {.cost = 0.2}}));
  world.resume();
  const std::string session = world.session();
  CHECK(ask(world, session)["status"] == "done");

  for (bool again : {false, true}) {
    if (again) restart(world);
    const Json end = ask(world, session);
    CHECK(end["status"] == "limit");
    CHECK(end["reason"] == "max_cost");
    CHECK(end["steps"] == 0);
    CHECK(end["cost"] == 0);
    CHECK(end["error"].get<std::string>().contains("`budgets.tenant_day.cost: 0.2`"));
    CHECK(end["error"].get<std::string>().contains("00:00 UTC"));
  }
  CHECK(model->calls() == 1);
  CHECK(ask(world, world.session("other"), "other")["status"] == "done");
  CHECK(ledger(world, {.tenant = "default"}).cost == doctest::Approx(0.2));
}

TEST_CASE("a session's budget is its own, and its ledger is asked when the session is opened again") {
  auto model = counted({kAnswer, kAnswer, kAnswer});
  World world(model, {}, {}, with({.session = {.tokens = 1'100}}));
  world.resume();
  const std::string session = world.session();
  CHECK(ask(world, session)["status"] == "done");
  CHECK(ask(world, session)["reason"] == "max_tokens");
  CHECK(ask(world, world.session())["status"] == "done");
  restart(world);
  const Json end = ask(world, session);
  CHECK(end["reason"] == "max_tokens");
  CHECK(end["error"].get<std::string>().contains("open another session"));
}

TEST_CASE("two runs of a tenant spend together: both streams are cut when the tenant's tokens are spent") {
  auto slow = std::make_shared<Slow>();
  World::More more = with({.tenant = {.tokens = 2'000}});
  more.own = slow;
  World world(says({}), {}, {}, std::move(more));
  world.resume();
  const std::string one = world.session();
  const std::string two = world.session();
  auto first = world.submit(one, "q");
  auto second = world.submit(two, "q");
  const auto row = [&](const std::string& id) {
    return **fakes::run(world.loop, world.journal->find_run(id));
  };
  for (int i = 0; i < 10'000 && !(row(first->run).finished() && row(second->run).finished()); ++i) {
  }

  for (const std::string& id : {first->run, second->run}) {
    CHECK(row(id).status == "limit");
    CHECK(row(id).reason == "max_tokens");
    CHECK(row(id).output_tokens > 100);
  }
  const store::Used used = ledger(world);
  CHECK(used.calls == 2);
  CHECK(used.input_tokens + used.output_tokens >= 1'990);
  CHECK(used.input_tokens + used.output_tokens <= 2'010);  // a piece of each stream
  CHECK(world.last("warning")["code"] == "reply_cut");
  CHECK(world.last("warning")["text"].get<std::string>().contains("budgets.tenant.tokens: 2000"));
}

TEST_CASE("a fallback that is free serves where the agent's model is beyond a cost budget, tokens end it") {
  std::vector<std::string> first;
  auto model =
      std::make_shared<ScriptedModel>([&](const models::ModelRequest& request) -> ScriptedModel::Line {
        first.push_back(request.first_entry);
        return kAnswer;
      });
  model->usage = {.input_tokens = 1'000, .output_tokens = 10};
  World::More more = with({.day = {.tokens = 4'000, .cost = 0.1}});
  more.judges = {{"dear", says({})}, {"local", says({})}};
  more.prices = {{"dear", models::Price{.input = 500, .output = 5'000}}};
  more.fallback = {"dear", "local"};
  World world(model, {}, {}, std::move(more));
  world.resume();
  const std::string session = world.session();
  CHECK(ask(world, session)["status"] == "done");
  CHECK(ask(world, session)["status"] == "done");
  CHECK(first == std::vector<std::string>{"", "local"});
  for (int i = 0; i < 3; ++i) ask(world, session);
  CHECK(world.last("run.finished")["reason"] == "max_tokens");
  CHECK(first.size() == 4);
}

TEST_CASE("at a budget no last answer is asked for, because nothing is kept there") {
  auto model = counted({kCall, kAnswer});
  World world(model, {}, {}, with({.day = {.cost = 0.2}}, kPrice, {.on_limit = OnLimit::answer}));
  world.resume();
  const Json end = ask(world, world.session());
  CHECK(end["status"] == "limit");
  CHECK(end["steps"] == 1);
  CHECK(model->calls() == 1);
  CHECK_FALSE(world.seen("answer"));
}

TEST_CASE("an agent that costs nothing goes on when only a cost budget is spent") {
  auto model = counted({kAnswer, kAnswer});
  World world(model, {}, {}, with({.day = {.cost = 0.000001}}, std::nullopt));
  world.resume();
  const std::string session = world.session();
  CHECK(ask(world, session)["status"] == "done");
  CHECK(ask(world, session)["status"] == "done");
}

TEST_CASE("a run that is taken up again is not asked about the calls it made, only about new ones") {
  auto model = counted({kCall, kAnswer});
  World::More more = with({.tenant = {.tokens = 5'000}});
  World world(model, {}, {}, more);
  world.tool->hang = true;
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return world.seen("action"); });
  world.close();
  world.frames.clear();
  world.tool->hang = false;

  world.budgets = BudgetSettings{.tenant = {.tokens = 50}};
  world.open();
  world.watch(session);
  world.resume();
  world.finished(run->run);
  const Json end = world.last("run.finished");
  CHECK(end["reason"] == "max_tokens");
  CHECK(end["steps"] == 1);
  CHECK(end["error"].get<std::string>().contains("budgets.tenant.tokens: 50"));
  CHECK(world.seen("observation"));
  CHECK(model->calls() == 1);
}

TEST_CASE("the ledger has every call once: broken ones, judges, and what a crash took") {
  auto judge = counted({kPass});
  auto model = counted({ScriptedModel::Break{R"({"thought":"this will take)"}, kCall, ScriptedModel::Hang{}});
  AgentSettings agent;
  agent.guardrails.input = {{.model = "j", .prompt = "Be kind.", .mode = RuleMode::blocking}};
  World::More more = with({}, kPrice, std::move(agent));
  more.judges = {{"j", judge}};
  more.prices = {{"j", kPrice}};
  World world(model, {}, {}, std::move(more));
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return model->calls() == 3; });
  const store::Used before = ledger(world);
  CHECK(before.calls == 3);  // the judge, the one that broke, the one with a call
  CHECK(ledger(world, {.by = store::UsageBy::model}).calls == 3);
  auto by_model = fakes::run(world.loop, world.journal->usage({.by = store::UsageBy::model}));
  REQUIRE(by_model);
  REQUIRE(by_model->size() == 2);

  restart(world);
  world.watch(session);
  model->say(kAnswer);
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "done");
  const store::Used after = ledger(world);
  CHECK(after.calls == 5);  // and the lost one, and the answer
  CHECK(after.input_tokens > before.input_tokens + 1'000);

  const auto row = **fakes::run(world.loop, world.journal->find_run(run->run));
  CHECK(after.output_tokens == row.output_tokens);
  CHECK(after.cost > row.cost);  // the run says what its usage events tell, which is without the lost one
}

TEST_CASE(
    "models that judge at once stay within the run's tokens together, and a limit that is enough is enough") {
  const auto world_with = [](std::int64_t tokens, std::shared_ptr<models::Model> judge) {
    AgentSettings agent;
    for (int i = 0; i < 4; ++i)
      agent.guardrails.input.push_back(
          {.model = "j", .prompt = fmt::format("Rule {}.", i), .mode = RuleMode::blocking});
    World::More more = with({}, std::nullopt, std::move(agent));
    more.judges = {{"j", std::move(judge)}};
    auto world = std::make_unique<World>(says({kAnswer}), DeskSettings{}, AgentLimits{.tokens = tokens},
                                         std::move(more));
    world->resume();
    return world;
  };
  auto slow = std::make_shared<Slow>();
  auto world = world_with(4'000, slow);
  const Json end = ask(*world, world->session());
  CHECK(end["status"] != "done");
  CHECK(end["input_tokens"].get<int>() + end["output_tokens"].get<int>() <= 4'040);
  CHECK(slow->pieces > 100);

  auto brief = world_with(4'000, says({kPass, kPass, kPass, kPass}));
  CHECK(ask(*brief, brief->session())["status"] == "done");
}

TEST_CASE("a judge beside the run and the run's own call stay within the run's tokens together") {
  auto own = std::make_shared<Slow>();
  auto judge = std::make_shared<Slow>();
  AgentSettings agent;
  agent.guardrails.input = {{.model = "j", .prompt = "Be kind.", .mode = RuleMode::parallel}};
  World::More more = with({}, std::nullopt, std::move(agent));
  more.own = own;
  more.judges = {{"j", judge}};
  World world(says({}), {}, {.tokens = 2'500}, std::move(more));
  world.resume();
  const Json end = ask(world, world.session());
  CHECK(end["status"] == "limit");
  CHECK(end["reason"] == "max_tokens");
  CHECK(own->pieces > 100);
  CHECK(judge->pieces > 100);
  const auto used = end["input_tokens"].get<std::int64_t>() + end["output_tokens"].get<std::int64_t>();
  CHECK(used > 2'400);
  CHECK(used <= 2'520);  // a piece of each stream
}
