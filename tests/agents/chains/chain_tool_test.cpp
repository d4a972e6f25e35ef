#include "agents/chains/chain_tool.h"

#include "tests/agents/chains/chain_world.h"
#include "tests/models/call.h"
#include "tools/toolbox.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

/// The chains of a world with an agent `a` that has the first of them as the tool `t`.
struct ToolWorld : ChainWorld {
  ToolWorld(const std::string& chains, std::shared_ptr<ScriptedModel> of_chain,
            std::shared_ptr<ScriptedModel> of_agent, AgentLimits limits = {})
      : ChainWorld(chains, std::move(of_chain)) {
    auto whole = std::make_shared<Catalog>(*catalog());
    const std::string name = whole->chains.begin()->first;
    tools::ToolTable tools;
    REQUIRE(add_chain_tools({{.name = "t", .type = "chain", .chain = name}}, whole->chains, tools));
    schema = *parse_json(tools.at("t")->spec().declaration.schema);
    AgentSettings agent{.name = "a", .model = "m", .tools = {"t"}, .limits = limits};
    auto prompts = prompts::PromptSet::load("");
    auto table = make_agents({agent}, {{.name = "m"}}, {{"m", std::move(of_agent)}}, tools, *prompts);
    REQUIRE(table);
    whole->agents = std::move(*table);
    desk->replace_catalog(whole);
    resume();
  }
  Json schema;
};

const std::string kAnswer = R"({"thought":"done","final_answer":"so it is"})";

std::string call(const std::string& input) {
  return R"({"thought":"ask it","action":"t","action_input":)" + input + "}";
}

}  // namespace

TEST_CASE("an agent calls a chain as a tool, with the chain's inputs, and the run counts what it used") {
  auto chain_model = says({"Ada", "Engines."});
  chain_model->usage = {.input_tokens = 100, .output_tokens = 10};
  auto agent_model = says({call(R"({"country":"Utopia"})"), kAnswer});
  ToolWorld world(R"(
president:
  description: says what a president changed
  steps: [ { prompt: "Who leads {country}?" }, { model: m }, { prompt: "What of {input}?" }, { model: n } ]
)",
                  chain_model, agent_model);
  CHECK(world.schema["required"] == Json::array({"country"}));

  const Json end = world.ask("a", "What did the president of Utopia change?");

  CHECK(end["status"] == "done");
  CHECK(world.last("observation")["output"] == "Engines.");
  CHECK(end["input_tokens"] == 200);
  CHECK(end["output_tokens"] == 20);
  CHECK(world.count("answer.delta") > 0);  // of the agent's answer, none of the chain's
  CHECK(world.joined("answer.delta") == "so it is");
  auto rows = fakes::run(world.loop, world.journal->usage({.by = store::UsageBy::model}));
  REQUIRE(rows);
  CHECK(rows->size() == 2);
}

TEST_CASE("what a chain used counts against the agent's limit") {
  auto chain_model = says({"one", "two"});
  chain_model->usage = {.input_tokens = 100'000, .output_tokens = 10};
  ToolWorld world("c: { steps: [ { model: m } ] }", chain_model, says({call(R"({"input":"x"})"), kAnswer}),
                  {.tokens = 50'000});
  CHECK(world.schema["required"] == Json::array({"input"}));
  const Json end = world.ask("a", "go");
  CHECK(end["status"] == "limit");
  CHECK(end["reason"] == "max_tokens");
}

TEST_CASE("a chain that fails is an observation that says at which step and why; the agent goes on") {
  ToolWorld world("c: { retries: 0, steps: [ { model: m }, { parse: json } ] }", says({"no JSON"}),
                  says({call(R"({"input":"x"})"), kAnswer}));
  CHECK(world.ask("a", "go")["status"] == "done");
  CHECK(world.last("observation")["ok"] == false);
  const std::string error = world.last("observation")["error"].get<std::string>();
  CHECK(error.contains("step 2"));
  CHECK(error.contains("unparsable"));
}

TEST_CASE("a chain with passages tells its sources, and one at its own token limit says so") {
  SUBCASE("sources") {
    ToolWorld world("c: { model: m, steps: [ { retrieve: handbook }, { combine: stuff } ] }",
                    says({"Thirty days [1]."}), says({call(R"({"input":"leave?"})"), kAnswer}));
    world.knowledge.hits = {hit(3, "Leave is thirty days.")};
    world.ask("a", "go");
    CHECK(world.last("observation")["output"] == "Thirty days [1].\n\nSources:\n[1] Handbook");
  }
  SUBCASE("limit") {
    ToolWorld world("c: { limits: { tokens: 60 }, steps: [ { model: m } ] }", says({std::string(4'000, 'x')}),
                    says({call(R"({"input":"x"})"), kAnswer}));
    world.ask("a", "go");
    CHECK(world.last("observation")["error"].get<std::string>().contains("max_tokens"));
  }
}

TEST_CASE(
    "what two calls of a chain cite has different numbers, and the agent's answer cites the passage meant") {
  ToolWorld world("c: { model: m, steps: [ { retrieve: handbook }, { combine: stuff } ] }",
                  says({"Thirty days [1].", "Ten more [2], not [1, 2]."}),
                  says({call(R"({"input":"leave?"})"), call(R"({"input":"parents?"})"),
                        R"({"final_answer":"Ten more [3]."})"}));
  world.knowledge.hits = {hit(3, "Leave is thirty days."), hit(4, "Parents have ten more.")};
  world.ask("a", "go");
  CHECK(world.last("observation")["output"].get<std::string>().starts_with("Ten more [4], not [3, 4]."));
  const Json answer = world.last("answer");
  REQUIRE(answer["citations"].size() == 1);
  CHECK(answer["citations"][0]["index"] == 3);
  CHECK(answer["citations"][0]["chunk"] == 3);
}

TEST_CASE(
    "what a chain's search spent counts for the agent's run, also when it fails, and for the chain's limit") {
  ToolWorld world(
      "c: { limits: { tokens: 90 }, model: m, steps: [ { retrieve: handbook }, { combine: stuff } ] }",
      says({}), says({call(R"({"input":"leave?"})"), kAnswer}));
  world.knowledge.uses = {{.model = "embeddings/e", .usage = {.input_tokens = 50}, .cost = 0.25},
                          {.model = "n", .usage = {.input_tokens = 30, .output_tokens = 5}, .cost = 0.5}};
  std::string error = "max_tokens";
  SUBCASE("it finds nothing, and what is left is too little for the model") {}
  SUBCASE("it fails") {
    world.knowledge.error = Error{ErrorCode::store, "the disk is gone"};
    error = "the disk is gone";
  }
  const Json end = world.ask("a", "go");
  CHECK(end["status"] == "done");
  CHECK(world.last("observation")["error"].get<std::string>().contains(error));
  CHECK(end["input_tokens"] == 80);
  CHECK(end["output_tokens"] == 5);
  CHECK(end["cost"] == 0.75);
  auto rows = fakes::run(world.loop, world.journal->usage({.by = store::UsageBy::model}));
  REQUIRE(rows);
  CHECK(rows->size() == 2);
}

TEST_CASE("what a chain's searches did otherwise than asked for stands below its answer, once") {
  ToolWorld world(
      "c: { model: m, steps: [ { retrieve: handbook }, { combine: stuff }, { retrieve: handbook }, { "
      "combine: stuff } ] }",
      says({"leave", "They do not tell."}), says({call(R"({"input":"leave?"})"), kAnswer}));
  world.knowledge.remarks = {"knowledge base `handbook` holds nothing yet"};
  world.ask("a", "go");
  CHECK(world.last("observation")["output"] ==
        "They do not tell.\n\n(knowledge base `handbook` holds nothing yet)");
}

TEST_CASE("a chain as a tool asks a fallback, too, where its own cost is in the way of its model") {
  auto cheap = says({"cheap"});
  ChainWorld plain("c: { limits: { cost: 1 }, steps: [ { model: m } ] }", says({}));
  plain.price = models::Price{.input = 1'000'000, .output = 1'000'000};
  plain.other = cheap;
  plain.falls_back = true;
  const auto made = plain.catalog();
  tools::ToolTable tools;
  REQUIRE(add_chain_tools({{.name = "t", .type = "chain", .chain = "c"}}, made->chains, tools));
  auto toolbox = tools::Toolbox::make(tools, {"t"});
  REQUIRE(toolbox);
  Stop stop;
  models::testing::RecordingEvents events;
  CallContext context{.loop = plain.loop, .stop = stop, .deadline = {}, .events = events};
  const auto outcome = fakes::run(plain.loop, toolbox->call("t", {{"input", "go"}}, context));
  CHECK(outcome.output == "cheap");
  CHECK(plain.model->calls() == 0);
}

TEST_CASE("cancelling the agent's run stops the chain") {
  auto chain_model = says({ScriptedModel::Hang{}});
  ToolWorld world("c: { steps: [ { model: m } ] }", chain_model, says({call(R"({"input":"x"})")}));
  auto run = world.submit(world.session("a"), "go");
  world.until([&] { return chain_model->calls() == 1; });
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "acme"}, run->run, CancelMode::now)));
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "cancelled");
  CHECK(world.count("action") == world.count("observation"));
}

TEST_CASE("a tool of a chain that is not there says which there are") {
  ChainWorld world("c: { steps: [ { model: m } ] }", says({}));
  tools::ToolTable tools;
  const auto missing =
      add_chain_tools({{.name = "t", .type = "chain", .chain = "cc"}}, world.catalog()->chains, tools);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.contains("did you mean `c`"));
}
