#include "agents/runs/facts.h"
#include "tests/agents/world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

/// What a model was asked to hold its replies to, request by request.
struct Held {
  std::vector<models::ModelRequest> requests;

  std::shared_ptr<ScriptedModel> model(std::vector<std::string> script) {
    return std::make_shared<ScriptedModel>(
        [this, script,
         at = std::size_t{0}](const models::ModelRequest& request) mutable -> ScriptedModel::Line {
          requests.push_back(request);
          if (at < script.size()) return script[at++];
          return Error{ErrorCode::model, "the script has no more lines"};
        });
  }
};

World::More with(std::string provider, AgentSettings agent = {}) {
  World::More more{.agent = std::move(agent)};
  more.provider = std::move(provider);
  return more;
}

}  // namespace

TEST_CASE("an agent whose provider can hold a reply to a schema asks for the form of its step") {
  Held held;
  World world(held.model({kCall, kAnswer}), {}, {}, with("openai"));
  world.resume();
  const std::string session = world.session();
  world.finished(world.submit(session, "q")->run);
  REQUIRE(held.requests.size() == 2);
  CHECK(held.requests[0].schema.find(R"("action":{"type":"string","enum":["look"]})") != std::string::npos);
  CHECK(held.requests[0].object_schema.starts_with(R"({"type":"object","properties":{"thought")"));
  CHECK(held.requests[0].schema == held.requests[1].schema);
  CHECK(world.last("answer")["text"] == "It is 42.");
}

TEST_CASE("an agent on a model that holds to no schema, or of a strategy in text, asks for none") {
  for (auto [provider, strategy] : std::vector<std::pair<std::string, std::string>>{
           {"builtin", "react"}, {"anthropic", "react"}, {"openai", "react_text"}, {"openai", "tools"}}) {
    CAPTURE(provider);
    CAPTURE(strategy);
    AgentSettings agent;
    agent.strategy = strategy;
    Held held;
    World world(held.model({"Final Answer: 42"}), {}, {}, with(provider, agent));
    world.resume();
    world.finished(world.submit(world.session(), "q")->run);
    REQUIRE(held.requests.size() >= 1);
    CHECK(held.requests[0].schema == "");
    CHECK(held.requests[0].object_schema == "");
  }
}

TEST_CASE("the last answer at a limit may not be a call, and an output.schema holds the answer") {
  AgentSettings agent;
  agent.on_limit = OnLimit::answer;
  agent.output.schema =
      Json::parse(R"({"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]})");
  Held held;
  AgentLimits limits;
  limits.steps = 2;
  World world(held.model({kCall, R"({"thought":"t","final_answer":{"n":42}})"}), {}, limits,
              with("ollama", agent));
  world.resume();
  world.finished(world.submit(world.session(), "q")->run);
  REQUIRE(held.requests.size() == 2);
  CHECK(held.requests[0].schema.find("\"action\"") != std::string::npos);
  CHECK(held.requests[1].schema.find("\"action\"") == std::string::npos);
  CHECK(held.requests[1].schema.find(R"("final_answer":{"type":"object","properties":{"n")") !=
        std::string::npos);
  CHECK(world.last("answer")["data"]["n"] == 42);
}

TEST_CASE("native tools: only the answer is held, where there is an output.schema") {
  AgentSettings agent;
  agent.strategy = "tools";
  agent.output.schema =
      Json::parse(R"({"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]})");
  Held held;
  World world(held.model({R"({"n":42})"}), {}, {}, with("openai", agent));
  world.resume();
  world.finished(world.submit(world.session(), "q")->run);
  REQUIRE(held.requests.size() == 1);
  CHECK(
      held.requests[0].schema ==
      R"({"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false})");
  CHECK(world.last("answer")["data"]["n"] == 42);
}

TEST_CASE("what was written to a provider's cache is told, paid for and kept over a restart") {
  World::More more;
  more.price = models::Price{.input = 1, .output = 2, .cached = 0.1, .cache_write = 1.25};
  auto model = says({kCall, ScriptedModel::Hang{}});
  model->usage = {.input_tokens = 1000, .output_tokens = 10, .cached_tokens = 300, .cache_write_tokens = 600};
  World world(model, {}, {}, std::move(more));
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return model->calls() == 2; });
  const Json told = world.last("usage");
  CHECK(told["cached_tokens"] == 300);
  CHECK(told["cache_write_tokens"] == 600);
  const double cost = (100 * 1.0 + 300 * 0.1 + 600 * 1.25 + 10 * 2.0) / 1e6;
  CHECK(told["cost"].get<double>() == doctest::Approx(cost));
  world.close();

  world.open();
  model->say(kAnswer);
  world.watch(session);
  world.resume();
  world.finished(run->run);
  auto facts = fakes::run(world.loop, world.journal->read_facts(run->run));
  REQUIRE(facts);
  int kept = 0;
  for (const store::Fact& fact : *facts) {
    if (fact.kind != "model.reply") continue;
    const RecordedReply known = reply_from_fact(*parse_json(fact.body));
    CHECK(known.reply.usage.cache_write_tokens == 600);
    CHECK(known.reply.usage.cached_tokens == 300);
    CHECK_FALSE(known.reply.usage.estimated);
    ++kept;
  }
  CHECK(kept == 2);
}

TEST_CASE("an estimate stays one in the journal") {
  models::ModelReply reply;
  reply.usage = {.input_tokens = 5, .output_tokens = 3, .estimated = true};
  const RecordedReply known = reply_from_fact(reply_to_fact(reply, 0, 0));
  CHECK(known.reply.usage.estimated);
  CHECK(known.reply.usage.cache_write_tokens == 0);
}
