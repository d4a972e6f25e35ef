#include "agents/runs/request_log.h"
#include "tests/agents/chains/chain_world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

const std::string kPresident = R"(
president:
  steps:
    - prompt: "Who is the president of {country}? Name only."
    - model: m
    - prompt: "List the changes made by {input}."
    - model: n
)";

}  // namespace

TEST_CASE("a chain asks one model after the other, and the last reply is the answer, shown while it comes") {
  ChainWorld world(kPresident, says({"Ada Lovelace", "Engines everywhere."}));
  world.resume();

  const Json end = world.ask("president", "please", {{"country", "Utopia"}});

  CHECK(world.model->heard() == std::vector<std::string>{"Who is the president of Utopia? Name only.",
                                                         "List the changes made by Ada Lovelace."});
  CHECK(world.types() == std::vector<std::string>{"run.started", "usage", "usage", "answer", "run.finished"});
  CHECK(world.last("answer")["text"] == "Engines everywhere.");
  CHECK(world.last("answer")["step"] == 4);
  CHECK(world.joined("answer.delta") == "Engines everywhere.");
  CHECK(end["status"] == "done");
  CHECK(end["reason"] == "final_answer");
  CHECK(end["steps"] == 4);
}

TEST_CASE("the message stands for the only input of a chain") {
  ChainWorld world(kPresident, says({"Ada", "Engines."}));
  world.resume();
  CHECK(world.ask("president", "Utopia")["status"] == "done");
  CHECK(world.model->heard().front() == "Who is the president of Utopia? Name only.");
}

TEST_CASE("inputs that are missing are an error before anything is asked") {
  ChainWorld world(R"(
post:
  inputs: [topic, audience]
  steps: [ { prompt: "{topic} for {audience}: {message}" }, { model: m } ]
)",
                   says({"no"}));
  world.resume();
  const auto refused = world.submit(world.session("post"), "go", {{"topic", "bees"}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::invalid);
  CHECK(refused.error().message.contains("was not given: audience"));
  CHECK(world.model->calls() == 0);
  CHECK(world.types().empty());
}

TEST_CASE("a prompt has inputs, the message, the step before and steps by name; other braces stay") {
  ChainWorld world(R"(
post:
  steps:
    - { prompt: "Outline {topic}.", name: asked }
    - { model: m, name: outline }
    - { prompt: "Title of {input}?" }
    - { model: m }
    - { system: "You write about {topic}.", prompt: "{outline}|{input}|{message}|{asked}|{\"a\": 1}|{ x }" }
    - model: m
)",
                   says({"an outline", "a title", "a post"}));
  world.resume();
  CHECK(world.ask("post", "hello", {{"topic", "bees"}})["status"] == "done");
  CHECK(world.model->heard().back() == R"(an outline|a title|hello|Outline bees.|{"a": 1}|{ x })");
}

TEST_CASE("a parser makes data of a reply, and nothing of the reply is shown as the answer") {
  ChainWorld world(R"(
list:
  steps: [ { prompt: "Colours?" }, { model: m }, { parse: list } ]
)",
                   says({"Sure:\n- red\n- green\n"}));
  world.resume();
  world.ask("list", "go");
  CHECK(world.last("answer")["data"] == Json::array({"red", "green"}));
  CHECK(world.last("answer")["text"] == R"(["red","green"])");
  CHECK(world.count("answer.delta") == 0);
}

TEST_CASE("a model is told what was wrong with its reply, as often as it may be") {
  ChainWorld world(R"(
person:
  retries: 1
  steps:
    - prompt: "A person as JSON."
    - model: m
    - { parse: schema, schema: { type: object, required: [age], properties: { age: { type: integer } } } }
)",
                   says({"I would rather not", R"({"age": 7})", "no", "still no"}));
  world.resume();

  CHECK(world.ask("person", "go")["status"] == "done");
  CHECK(world.last("answer")["data"] == Json{{"age", 7}});
  CHECK(world.model->heard()[1].contains("correction"));
  CHECK(world.count("warning") == 1);

  const Json end = world.ask("person", "again");
  CHECK(end["status"] == "failed");
  CHECK(end["reason"] == "unparsable");
  CHECK(world.model->calls() == 4);
  CHECK(world.count("answer") == 1);
}

TEST_CASE("branches run at once, and later prompts have each by name") {
  const auto rule = [](const models::ModelRequest& request) -> ScriptedModel::Line {
    const std::string& asked = request.transcript->messages().back().content;
    if (asked.starts_with("For")) return "good";
    if (asked.starts_with("Against")) return "[\"bad\", \"worse\"]";
    return "so " + asked;
  };
  ChainWorld world(R"(
weigh:
  steps:
    - parallel:
        pro: [ { prompt: "For {message}" }, { model: m } ]
        contra: [ { prompt: "Against {message}" }, { model: n }, { parse: json } ]
    - prompt: "{pro} or {contra} of {input}"
    - model: m
)",
                   std::make_shared<ScriptedModel>(rule));
  world.resume();
  world.ask("weigh", "tea");
  CHECK(world.last("answer")["text"] ==
        R"(so good or ["bad","worse"] of {"pro":"good","contra":["bad","worse"]})");
}

TEST_CASE("the first branch that fails stops the others and is what the run ends with") {
  const auto rule = [](const models::ModelRequest& request) -> ScriptedModel::Line {
    if (request.transcript->messages().back().content == "a") return ScriptedModel::Hang{};
    return Error{ErrorCode::model, "the provider is on fire"};
  };
  ChainWorld world(R"(
both:
  steps: [ { parallel: { a: [ { prompt: a }, { model: m } ], b: [ { prompt: b }, { model: m } ] } } ]
)",
                   std::make_shared<ScriptedModel>(rule));
  world.resume();
  const Json end = world.ask("both", "go");
  CHECK(end["status"] == "failed");
  CHECK(end["reason"] == "model_error");
  CHECK(end["error"] == "the provider is on fire");
}

TEST_CASE("no more calls than `limits.parallel` are at work at once") {
  auto model = says({ScriptedModel::Hang{}, ScriptedModel::Hang{}, ScriptedModel::Hang{}});
  ChainWorld world(R"(
three:
  limits: { parallel: 2 }
  steps:
    - parallel:
        a: [ { prompt: a }, { model: m } ]
        b: [ { prompt: b }, { model: m } ]
        c: [ { prompt: c }, { model: m } ]
)",
                   model);
  world.resume();
  auto run = world.submit(world.session("three"), "go");
  world.until([&] { return model->calls() == 2; });
  world.until([&, i = 0]() mutable { return ++i > 20; });
  CHECK(model->calls() == 2);

  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "acme"}, run->run, CancelMode::now)));
  world.finished(run->run);
  CHECK(model->calls() == 2);
  CHECK(world.last("run.finished")["status"] == "cancelled");
}

TEST_CASE("cancel stops the call at work, or comes after the step") {
  auto model = says({ScriptedModel::Hang{}});
  ChainWorld world(kPresident, model);
  world.resume();
  auto run = world.submit(world.session("president"), "Utopia");
  world.until([&] { return model->calls() == 1; });
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "acme"}, run->run, CancelMode::now)));
  world.finished(run->run);
  CHECK(world.types() == std::vector<std::string>{"run.started", "run.finished"});
  CHECK(world.last("run.finished")["reason"] == "cancelled");
  CHECK(world.last("run.finished")["steps"] == 2);

  world.until([&] { return world.desk->status().running == 0; });
}

TEST_CASE("the limits of a chain hold: time, tokens, cost") {
  SUBCASE("time") {
    ChainWorld world("slow: { limits: { time: 100ms }, steps: [ { prompt: x }, { model: m } ] }",
                     says({ScriptedModel::Hang{}}));
    world.resume();
    const Json end = world.ask("slow", "go");
    CHECK(end["status"] == "limit");
    CHECK(end["reason"] == "max_time");
  }
  SUBCASE("tokens of the request") {
    ChainWorld world("big: { limits: { tokens: 20 }, steps: [ { prompt: \"{message}\" }, { model: m } ] }",
                     says({"no"}));
    world.resume();
    const Json end = world.ask("big", std::string(400, 'x'));
    CHECK(end["reason"] == "max_tokens");
    CHECK(world.model->calls() == 0);
  }
  SUBCASE("tokens while the model writes") {
    ChainWorld world("big: { limits: { tokens: 60 }, steps: [ { prompt: hi }, { model: m } ] }",
                     says({std::string(4'000, 'x')}));
    world.resume();
    const Json end = world.ask("big", "go");
    CHECK(end["status"] == "limit");
    CHECK(end["reason"] == "max_tokens");
    CHECK(end["output_tokens"].get<int>() < 70);
    CHECK(end["output_tokens"].get<int>() > 20);
    CHECK(world.count("answer") == 0);
  }
  SUBCASE("cost over several calls") {
    auto model = says({"one", "two"});
    model->usage = {.input_tokens = 1'000'000, .output_tokens = 0};
    ChainWorld world(
        "dear: { limits: { tokens: 100000000, cost: 1.5 }, steps: [ { prompt: a }, { model: m }, "
        "{ model: m }, { model: m } ] }",
        model);
    world.price = models::Price{.input = 1, .output = 1};
    world.reload();
    world.resume();
    const Json end = world.ask("dear", "go");
    CHECK(end["reason"] == "max_cost");
    CHECK(model->calls() == 2);
    CHECK(end["cost"] == 2.0);
  }
}

TEST_CASE("a budget that runs spend together ends a chain, and the ledger has what it used") {
  auto model = says({"one", "two"});
  model->usage = {.input_tokens = 600, .output_tokens = 10};
  ChainWorld world("two: { steps: [ { prompt: a }, { model: m }, { model: m } ] }", model);
  world.budgets.session.tokens = 600;
  world.reload();
  world.resume();
  const Json end = world.ask("two", "go");
  CHECK(end["status"] == "limit");
  CHECK(end["reason"] == "max_tokens");
  CHECK(model->calls() == 1);
  auto rows = fakes::run(world.loop, world.journal->usage({.by = store::UsageBy::target}));
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  CHECK(rows->front().key == "two");
  CHECK(rows->front().used.input_tokens == 600);
}

TEST_CASE("a reply that breaks off is asked again, and what was shown of it is void") {
  ChainWorld world("one: { steps: [ { prompt: a }, { model: m } ] }",
                   says({ScriptedModel::Break{"The ans"}, "The answer."}));
  world.resume();
  CHECK(world.ask("one", "go")["status"] == "done");
  CHECK(world.count("stream.reset") >= 1);
  CHECK(world.last("answer")["text"] == "The answer.");
  CHECK(world.count("usage") == 2);
  CHECK(world.count("warning") == 1);
}

TEST_CASE("another target's name does not open a chain, and an unknown one says what there is") {
  ChainWorld world(kPresident, says({}));
  world.resume();
  const auto missing = fakes::run(world.loop, world.desk->open_session({"p", "acme"}, "", "presidnet"));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message.contains("did you mean `president`"));
}

TEST_CASE("what a chain sent to its models is shown again, without the configuration's secrets") {
  ChainWorld world(
      "two: { steps: [ { system: S, prompt: \"key sk-hush {message}\" }, { model: m }, { model: n } ] }",
      says({"one", "two"}));
  auto catalog = std::make_shared<Catalog>(*world.catalog());
  catalog->secrets.add("sk-hush");
  world.desk->replace_catalog(catalog);
  world.resume();
  auto run = world.submit(world.session("two"), "go");
  world.finished(run->run);

  auto facts = fakes::run(world.loop, world.journal->read_facts(run->run));
  REQUIRE(facts);
  const auto sent = sent_requests(*facts, {});
  REQUIRE(sent);
  REQUIRE(sent->size() == 2);
  CHECK(sent->front().model == "m");
  CHECK(sent->front().messages.front().content == "S");
  CHECK(sent->front().messages.back().content == "key *** go");
  CHECK(sent->back().messages.size() == 1);
  CHECK(world.model->heard().front() == "key sk-hush go");
}

TEST_CASE("a chain can be cancelled after the step at work") {
  ChainWorld world(kPresident, says({"no"}));
  world.resume();
  const std::string session = world.session("president");
  auto run = world.submit(session, "Utopia");
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "acme"}, run->run, CancelMode::after_step)));
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "cancelled");
  CHECK(world.count("answer") == 0);
}
