#include "agents/replay/stand_ins.h"
#include "memory/conversation/keep_notes.h"
#include "memory/conversation/recall_plan.h"
#include "memory/conversation/turn_reader.h"
#include "tests/agents/witness.h"

#include <algorithm>
#include <utility>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

/// What a memory chooses and notes just then.
struct Says {
  std::vector<std::size_t> places;
  bool notes = true;
  std::string noted;  ///< "": nothing
  std::size_t taken = 0;
  int recalls = 0;
  int settles = 0;
};

class Choosing final : public memory::Memory {
 public:
  Choosing(Says& says, const memory::MemorySettings& settings, const memory::MemoryServices& services)
      : says_(says),
        settings_(settings),
        services_(services),
        reader_(services.journal, settings.steps ? services.steps : nullptr) {}

  Task<Result<memory::Recalled>> recall(std::string, CallContext& context) override {
    ++says_.recalls;
    auto read = co_await reader_.read_since_notes(context);
    std::vector<std::size_t> there;
    for (std::size_t at : says_.places)
      if (at < read->remembered.turns.size()) there.push_back(at);
    auto what = memory::recall_chosen(read->remembered, there, says_.notes, memory::bounds_of(settings_),
                                      services_.tokens);
    Json record = to_json(what.selection, read->remembered.turns);
    co_return memory::Recalled{std::move(what), std::move(record)};
  }
  Task<Result<memory::Recollection>> recall_again(Json record, CallContext& context) override {
    return reader_.again(std::move(record), services_.tokens, context);
  }
  Task<Result<>> settle(CallContext& context) override {
    ++says_.settles;
    auto read = co_await reader_.read_since_notes(context);
    if (says_.noted.empty() || !memory::may_keep_notes(read->rows)) co_return Result<>();
    co_return co_await memory::keep_notes(services_.journal, read->rows.back(),
                                          memory::compacted(read->remembered, says_.taken, says_.noted),
                                          says_.taken, read->remembered.turns.size() - says_.taken);
  }

 private:
  Says& says_;
  const memory::MemorySettings settings_;
  const memory::MemoryServices services_;
  memory::TurnReader reader_;
};

class Fickle final : public memory::OutsideMemory {
 public:
  explicit Fickle(Says& says) : says_(says) {}
  std::unique_ptr<memory::Memory> make(const memory::MemorySettings& settings,
                                       memory::MemoryServices services) const override {
    return std::make_unique<Choosing>(says_, settings, services);
  }

 private:
  Says& says_;
};

World::More with(Says& says, bool steps = false) {
  World::More more;
  more.agent.memory = {.type = "plugin/fickle", .steps = steps};
  more.outside = [&says](const MemorySettings&) -> Result<std::shared_ptr<const memory::OutsideMemory>> {
    return std::make_shared<const Fickle>(says);
  };
  return more;
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

std::string call(int x) {
  return R"({"thought":"t","action":"look","action_input":{"x":)" + std::to_string(x) + "}}";
}

}  // namespace

TEST_CASE("what a plugin's memory chose and noted is sent, kept with the request and replayed without it") {
  for (const bool steps : {false, true}) {
    CAPTURE(steps);
    Witness witness;
    Says says;
    World world(witness.model({call(1), kAnswer, kAnswer, kAnswer, kAnswer}), {}, {}, with(says, steps));
    world.resume();
    const std::string session = world.session();
    std::vector<std::string> runs;
    runs.push_back(say(world, session, "the first"));
    runs.push_back(say(world, session, "the second"));
    says.places = {0};
    says.noted = "It was about numbers.";
    says.taken = 1;
    runs.push_back(say(world, session, "the third"));
    CHECK(all_of(witness.requests.back()).contains("the first"));
    CHECK(all_of(witness.requests.back()).contains("forty-two") == steps);
    CHECK_FALSE(all_of(witness.requests.back()).contains("the second"));
    runs.push_back(say(world, session, "the fourth"));
    CHECK(all_of(witness.requests.back()).contains("It was about numbers."));
    CHECK(all_of(witness.requests.back()).contains("the second"));
    CHECK(says.recalls == 4);
    CHECK(says.settles == 4);
    std::size_t at = 0;
    for (const std::string& run : runs)
      for (const SentRequest& request : requests_of(world, session, run)) {
        CHECK(request.exact);
        check_same(request.messages, witness.requests[at++]);
      }
    CHECK(at == witness.requests.size());
  }
}

TEST_CASE("a run that was shown none of the turns there are is shown none of them after a restart") {
  for (const bool hidden : {false, true}) {
    CAPTURE(hidden);
    Witness witness;
    Says says;
    if (hidden) says.noted = "Everything.", says.taken = 1;
    World world(witness.model({kAnswer, call(1)}), {}, {}, with(says));
    world.resume();
    const std::string session = world.session();
    say(world, session, "the first");
    says.notes = false;
    auto run = world.submit(session, "the second");
    world.until([&] { return witness.requests.size() == 3; });
    const auto before = witness.requests.back();
    CHECK_FALSE(all_of(before).contains("the first"));
    world.close();

    says.places = {0};
    says.notes = true;
    world.open();
    world.watch(session);
    world.resume();
    world.until([&] { return witness.requests.size() == 4; });
    check_same(witness.requests.back(), before);
    CHECK(says.recalls == 2);
  }
}

TEST_CASE("an agent whose memory is a plugin's is not made where there are no plugins") {
  const auto prompts = prompts::PromptSet::load("");
  AgentSettings agent{.name = "a", .model = "m", .memory = {.type = "plugin/fickle"}};
  const auto made =
      make_agents({agent}, {}, {{"m", std::make_shared<ScriptedModel>(std::vector<ScriptedModel::Line>{})}},
                  {}, *prompts);
  REQUIRE_FALSE(made);
  CHECK_MESSAGE(made.error().message == "agent a: memory type `plugin/fickle` needs plugins",
                made.error().message);
}
