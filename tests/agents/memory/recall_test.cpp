#include "models/embedders/hashed_text.h"
#include "tests/agents/witness.h"

#include <algorithm>
#include <utility>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

/// Likeness of wording, in this thread; fails when it is told to.
class Words final : public models::Embedder {
 public:
  Task<Result<models::Vectors>> embed(std::vector<std::string> texts, CallContext&) override {
    calls += 1;
    if (fails) co_return fail(ErrorCode::network, "the embedder is away");
    models::Vectors rows{.dimensions = models::HashedText::kDimensions};
    for (const std::string& text : texts) {
      std::vector<float> row(rows.dimensions);
      models::HashedText::embed(text, row);
      rows.values.insert(rows.values.end(), row.begin(), row.end());
    }
    co_return rows;
  }
  const std::string& name() const override { return name_; }
  std::size_t dimensions() const override { return models::HashedText::kDimensions; }
  models::EmbedderLimits limits() const override { return {}; }

  int calls = 0;
  bool fails = false;

 private:
  std::string name_ = "default";
};

std::shared_ptr<ScriptedModel> summariser() {
  return std::make_shared<ScriptedModel>(
      [](const models::ModelRequest&) { return std::string("Mina goes to Busan, by ship."); });
}

World::More with(MemorySettings memory, std::shared_ptr<models::Model> notes = summariser()) {
  World::More more;
  more.agent.memory = std::move(memory);
  if (more.agent.memory.type.starts_with("summary")) more.agent.memory.model = "notes";
  more.judges["notes"] = std::move(notes);
  more.embedders["default"] = std::make_shared<Words>();
  return more;
}

std::string call(int x) {
  return R"({"thought":"t","action":"look","action_input":{"x":)" + std::to_string(x) + "}}";
}

std::string say(World& world, const std::string& session, std::string text) {
  auto run = world.submit(session, std::move(text));
  REQUIRE(run);
  world.finished(run->run);
  fakes::run(world.loop, world.desk->settle(10s));
  return run->run;
}

std::string all_of(const std::vector<models::Message>& messages) {
  std::string text;
  for (const models::Message& message : messages) text += message.content + "\n";
  return text;
}

}  // namespace

TEST_CASE("whatever a memory recalls, what is kept of each request is what was sent") {
  const std::vector<MemorySettings> all{
      {.type = "none"},
      {.type = "buffer"},
      {.type = "window", .turns = 2},
      {.type = "token_buffer", .max_tokens = 200},
      {.type = "summary", .max_tokens = 300},
      {.type = "summary_buffer", .max_tokens = 200},
      {.type = "vector", .k = 1},
      {.type = "buffer", .steps = true},
      {.type = "summary_buffer", .max_tokens = 300, .steps = true},
      {.type = "vector", .k = 2, .steps = true},
  };
  for (const MemorySettings& settings : all)
    for (const char* strategy : {"react", "tools", "react_text"}) {
      // The form of an answer is one thing, what is recalled another; both together only with steps.
      if (!settings.steps && settings.type != "buffer" && strategy != std::string("react")) continue;
      CAPTURE(settings.type);
      CAPTURE(settings.steps);
      CAPTURE(strategy);
      Witness witness;
      std::vector<std::string> script;
      for (int i = 0; i < 8; ++i) {
        script.push_back(call(i));
        script.push_back(R"({"thought":"done","final_answer":"It is ")" + std::to_string(i) +
                         R"( \"quoted\"."})");
      }
      World::More more = with(settings);
      more.agent.strategy = strategy;
      World world(witness.model(script), {}, {}, std::move(more));
      world.resume();
      const std::string session = world.session();
      std::vector<std::string> runs;
      for (int i = 0; i < 8; ++i)
        runs.push_back(say(world, session,
                           "question " + std::to_string(i) + " 한국어 about a trip " +
                               std::string(120, static_cast<char>('a' + i))));
      std::size_t at = 0;
      for (const std::string& run : runs)
        for (const SentRequest& request : requests_of(world, session, run)) {
          CHECK(request.exact);
          REQUIRE(at < witness.requests.size());
          check_same(request.messages, witness.requests[at++]);
        }
      CHECK(at == witness.requests.size());
    }
}

TEST_CASE("a summary buffer keeps within its tokens, and what fell out of it is in the notes") {
  Witness witness;
  World world(witness.model(std::vector<std::string>(20, kAnswer)), {}, {},
              with({.type = "summary_buffer", .max_tokens = 200}));
  world.resume();
  const std::string session = world.session();
  for (int i = 0; i < 20; ++i) say(world, session, "I go to Busan by ship, part " + std::to_string(i));
  CHECK(world.count("memory.compacted") > 2);
  for (const auto& request : witness.requests) {
    std::int64_t tokens = 0;
    for (std::size_t i = 1; i + 1 < request.size(); ++i) tokens += memory::estimated_tokens()(request[i]);
    CHECK(tokens <= 220);  // the answers stand in the strategy's form, which is a few tokens more
  }
  CHECK(all_of(witness.requests.back()).contains("Mina goes to Busan"));
}

TEST_CASE("a compaction comes after the run's end, and is nobody's run") {
  Witness witness;
  World world(witness.model({kAnswer, kAnswer}), {}, {}, with({.type = "summary"}));
  world.resume();
  const std::string session = world.session();
  say(world, session, "one");
  const std::string second = say(world, session, "two");
  CHECK(world.types().back() == "memory.compacted");
  CHECK(world.types(second).back() == "run.finished");
  const Json event = world.last("memory.compacted");
  CHECK(event["agent"] == "a");
  CHECK_FALSE(find(event, "run"));
  CHECK(event["kept"] == 1);
  CHECK(event["dropped"] == 1);
  auto row = fakes::run(world.loop, world.journal->find_run(second));
  REQUIRE(row);
  CHECK((*row)->last_seq < event["seq"].get<std::int64_t>());
}

TEST_CASE("what a summary costs is told and is in the ledger, beside what the run cost") {
  auto notes = summariser();
  notes->usage = {.input_tokens = 1'000, .output_tokens = 100};
  World::More more = with({.type = "summary"}, notes);
  more.judge_price = models::Price{.input = 10, .output = 100};
  Witness witness;
  World world(witness.model({kAnswer, kAnswer}), {}, {}, std::move(more));
  world.resume();
  const std::string session = world.session();
  say(world, session, "one");
  say(world, session, "two");
  const Json usage = world.last("usage");
  CHECK_FALSE(find(usage, "run"));
  CHECK(usage["cost"].get<double>() == doctest::Approx(0.02));
  auto ledger = fakes::run(world.loop, world.journal->usage({.by = store::UsageBy::model}));
  REQUIRE(ledger);
  REQUIRE(ledger->size() == 1);
  CHECK(ledger->front().key == "notes");
  CHECK(ledger->front().used.cost == doctest::Approx(0.02));
}

TEST_CASE("a summary that a budget has no room for is not asked for, and the conversation goes on") {
  auto notes = summariser();
  World::More more = with({.type = "summary"}, notes);
  more.budgets.tenant.tokens = 40;
  Witness witness;
  World world(witness.model({kAnswer, kAnswer, kAnswer}), {}, {.tokens = 100'000}, std::move(more));
  world.resume();
  const std::string session = world.session();
  say(world, session, "one");
  say(world, session, "two");
  CHECK(notes->calls() == 0);
}

TEST_CASE("a summary that fails is told, and the turns stay as they are until the next one") {
  auto notes = std::make_shared<ScriptedModel>(std::vector<ScriptedModel::Line>{
      Error{.code = ErrorCode::model, .message = "out of order"}, std::string("The notes.")});
  Witness witness;
  World world(witness.model({kAnswer, kAnswer, kAnswer, kAnswer}), {}, {}, with({.type = "summary"}, notes));
  world.resume();
  const std::string session = world.session();
  say(world, session, "one");
  say(world, session, "two");
  world.until([&] { return world.seen("warning"); });
  const Json warning = world.last("warning");
  CHECK(warning["code"] == "memory_degraded");
  CHECK_FALSE(find(warning, "run"));
  say(world, session, "three");
  CHECK(all_of(witness.requests.back()).contains("one"));
  CHECK(world.count("memory.compacted") == 1);
  say(world, session, "four");
  CHECK(all_of(witness.requests.back()).contains("The notes."));
}

TEST_CASE("nobody waits for a summary: the next run begins meanwhile, and a stop ends it") {
  auto notes = std::make_shared<ScriptedModel>(std::vector<ScriptedModel::Line>{ScriptedModel::Hang{}});
  Witness witness;
  World world(witness.model(std::vector<std::string>(4, kAnswer)), {}, {}, with({.type = "summary"}, notes));
  world.resume();
  const std::string session = world.session();
  for (const char* text : {"one", "two", "three"}) {
    auto run = world.submit(session, text);
    REQUIRE(run);
    world.finished(run->run);
  }
  world.until([&] { return notes->calls() == 1; });
  world.close();
  CHECK(notes->calls() == 1);
  CHECK_FALSE(world.seen("memory.compacted"));
}

TEST_CASE("a run is shown after a restart what it recalled before, whatever a memory would recall now") {
  Witness witness;
  World::More more = with({.type = "vector", .k = 1});
  auto words = std::static_pointer_cast<Words>(more.embedders["default"]);
  std::vector<std::string> script(6, kAnswer);
  script.push_back(call(1));
  World world(witness.model(script), {}, {}, std::move(more));
  world.resume();
  const std::string session = world.session();
  for (const char* text : {"the ship to Jeju leaves at nine", "bread needs flour", "my cat is called Nabi",
                           "the sky is grey", "I like tea", "so it is"})
    say(world, session, text);
  auto run = world.submit(session, "when does the ship to Jeju leave?");
  world.until([&] { return witness.requests.size() == 8; });
  const auto before = witness.requests.back();
  CHECK(all_of(before).contains("leaves at nine"));
  CHECK_FALSE(all_of(before).contains("flour"));
  world.close();

  words->fails = true;  // anew, the last turns would be recalled instead
  world.vectors = std::make_shared<memory::TurnVectorsInMemory>();
  world.open();
  world.watch(session);
  world.resume();
  world.until([&] { return witness.requests.size() == 9; });
  check_same(witness.requests.back(), before);
  auto facts = fakes::run(world.loop, world.journal->read_facts(run->run));
  CHECK(std::ranges::count(*facts, "memory.recalled", &store::Fact::kind) == 1);
}

TEST_CASE("an embedder that fails costs the likeness, not the run") {
  Witness witness;
  World::More more = with({.type = "vector", .k = 1});
  auto words = std::static_pointer_cast<Words>(more.embedders["default"]);
  words->fails = true;
  World world(witness.model(std::vector<std::string>(6, kAnswer)), {}, {}, std::move(more));
  world.resume();
  const std::string session = world.session();
  for (int i = 0; i < 6; ++i) say(world, session, "turn " + std::to_string(i));
  CHECK(world.last("warning")["code"] == "memory_degraded");
  CHECK(all_of(witness.requests.back()).contains("turn 4"));
}

TEST_CASE("with `steps: true` earlier calls and what came of them are recalled, corrections are not") {
  for (const char* strategy : {"react", "tools"}) {
    CAPTURE(strategy);
    Witness witness;
    World::More more = with({.type = "buffer", .steps = true});
    more.agent.strategy = strategy;
    World world(witness.model({R"({"thought":"t","action":)", call(7), kAnswer, kAnswer}), {}, {},
                std::move(more));
    world.resume();
    const std::string session = world.session();
    say(world, session, "first");
    say(world, session, "second");
    const auto& last = witness.requests.back();
    const std::string text = all_of(last);
    CHECK(text.contains("forty-two"));
    CHECK(text.contains(R"("x":7)"));
    CHECK_FALSE(text.contains("correction"));
    REQUIRE(last.size() == 6);
    CHECK(last[1].content == "first");
    CHECK(last[2].role == models::Role::assistant);
    CHECK(last[4].content.contains("It is 42."));
    CHECK(last[5].content == "second");
  }
}

TEST_CASE("a session whose memory is still being written is not deleted under it") {
  auto notes = std::make_shared<ScriptedModel>(
      [](const models::ModelRequest&) { return ScriptedModel::Line(ScriptedModel::Hang{}); });
  World world(says({kAnswer, kAnswer}), {}, {},
              with({.type = "summary_buffer", .max_tokens = memory::kMemoryTokensMin}, notes));
  world.resume();
  const std::string session = world.session();
  for (int i = 0; i < 2; ++i) {
    auto run = world.submit(session, std::string(3000, 'x') + " and so on");
    REQUIRE(run);
    world.finished(run->run);
  }
  world.until([&] { return notes->calls() > 0; });
  const auto forget = [&] { return fakes::run(world.loop, world.desk->forget(Principal{}, session)); };
  auto busy = forget();
  REQUIRE_FALSE(busy);
  CHECK(busy.error().code == ErrorCode::busy);
  CHECK(busy.error().message.contains("memory"));
  fakes::run(world.loop, world.desk->settle(0ms));
  CHECK(forget());
  CHECK_FALSE(*fakes::run(world.loop, world.journal->find_session(session)));
}
