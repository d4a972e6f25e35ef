#pragma once

#include "agents/replay/replay.h"
#include "agents/runs/run_desk.h"
#include "models/fallback.h"
#include "runtime/async/nursery.h"
#include "runtime/bus/local_bus.h"
#include "tests/agents/check/kept_store.h"
#include "tests/agents/check/replayed_store.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/scripted_model.h"
#include "tests/fakes/temp_dir.h"
#include "tests/fakes/test_tool.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::agents::testing {

using fakes::ScriptedModel;
using namespace std::chrono_literals;

inline const std::string kCall = R"({"thought":"let me look","action":"look","action_input":{"x":1}})";
inline const std::string kAnswer = R"({"thought":"done","final_answer":"It is 42."})";

/// A desk over a real store in a directory of its own, with one agent `a` that has the tool `look`.
class World : store::Subscriber {
 public:
  /// A model that is asked where the agent's fails.
  struct Fallback {
    std::string name;
    std::shared_ptr<models::Model> model;
    std::optional<models::Price> price;
  };
  /// What else the agent has.
  struct More {
    AgentSettings agent;  ///< name, model, tools and limits are filled in
    std::vector<std::shared_ptr<fakes::TestTool>> tools;
    std::optional<models::Price> price;
    std::string provider;                                          ///< that the model is taken for
    std::map<std::string, std::shared_ptr<models::Model>> judges;  ///< further models, by name
    std::optional<models::Price> judge_price;
    std::vector<Fallback> fallbacks;              ///< of the agent's model
    std::map<std::string, models::Price> prices;  ///< of judges that have one of their own
    std::vector<std::string> fallback;            ///< of the agent's model, names among `judges`
    BudgetSettings budgets;
    std::shared_ptr<models::Model> own;  ///< the agent's model, instead of a scripted one
    std::optional<int> context;          ///< of the model, in tokens
    models::EmbedderTable embedders;     ///< for memories
    OutsideMemoryMaker outside;          ///< where the agent's memory is a plugin's
  };

  explicit World(std::shared_ptr<ScriptedModel> model, DeskSettings settings = {}, AgentLimits limits = {},
                 More more = {})
      : model_(std::move(model)), settings_(settings), limits_(limits), more_(std::move(more)) {
    budgets = more_.budgets;
    open();
  }
  ~World() { close(); }

  void open() {
    auto opened = store::open_sqlite_journal(loop, {.path = dir_.path().string()});
    REQUIRE(opened);
    journal = std::move(*opened);
    bus = bus::make_local_bus(loop, *journal);
    desk = make_run_desk(loop, *journal, *bus, rng_, settings_, catalog("a", config));
  }

  // As a crash would: the desk goes with its runs where they are, nothing more is written.
  void close() {
    if (!desk) return;
    desk->hurry();
    fakes::run(loop, desk->drain(0ms));
    subscription_.reset();
    fakes::run(loop, journal->close());
    desk.reset();
    bus.reset();
    journal.reset();
    if (!forged) expect_whole(path());
    if (!forged && replays && replays_at_close()) replay_all();
  }

  std::string path() const { return dir_.path().string(); }

  void resume() { REQUIRE(fakes::run(loop, desk->resume(finder()))); }

  std::string session(std::string tenant = "default") {
    auto row = fakes::run(loop, desk->open_session({"p", std::move(tenant)}, "", "a"));
    REQUIRE(row);
    watch(row->id);
    return row->id;
  }

  void watch(const std::string& session) { subscription_ = journal->subscribe(session, *this); }

  Result<Accepted> submit(std::string session, std::string text, std::string id = "",
                          std::string tenant = "default") {
    Submission submission{.principal = {"p", std::move(tenant)},
                          .session = std::move(session),
                          .message_id = std::move(id),
                          .text = std::move(text),
                          .attachments = std::exchange(attachments, {})};
    return fakes::run(loop, desk->submit(std::move(submission)));
  }

  // Lets the loop run until `done` holds.
  template <class Condition>
  void until(Condition done) {
    fakes::run(loop, poll(done));
  }
  void finished(const std::string& run) {
    until([&] {
      for (const Frame& frame : frames)
        if (frame.type == "run.finished" && frame.run == run) return true;
      return false;
    });
  }

  std::vector<std::string> types(const std::string& run = "") const {
    std::vector<std::string> types;
    for (const Frame& frame : frames)
      if (!frame.is_volatile() && (run.empty() || frame.run == run)) types.emplace_back(frame.type);
    return types;
  }
  std::size_t count(std::string_view type) const {
    std::size_t count = 0;
    for (const Frame& frame : frames) count += frame.type == type;
    return count;
  }
  bool seen(std::string_view type) const { return count(type) > 0; }
  Json last(std::string_view type) const {
    for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame)
      if (frame->type == type) return *parse_json(*frame->text);
    return nullptr;
  }

  /// A configuration with one agent, of the name given.
  std::shared_ptr<const Catalog> catalog(std::string name, std::string hash,
                                         std::shared_ptr<ScriptedModel> model = nullptr,
                                         const ReplayStage* stage = nullptr) {
    AgentSettings agent = more_.agent;
    agent.name = name;
    agent.model = "m";
    agent.limits = limits_;
    agent.tools = {"look"};
    tools::ToolTable tools{{"look", tool}};
    for (const auto& one : more_.tools) {
      agent.tools.push_back(one->spec().declaration.name);
      tools.emplace(agent.tools.back(), one);
    }
    auto prompts = prompts::PromptSet::load("");
    std::vector<models::ModelSettings> priced{{.name = "m",
                                               .provider = more_.provider,
                                               .context = more_.context.value_or(0),
                                               .price = more_.price,
                                               .fallback = more_.fallback}};
    models::ModelTable models{{"m", model ? model : model_}};
    if (more_.own) models["m"] = more_.own;
    for (const auto& [judge_name, judge] : more_.judges) {
      priced.push_back({.name = judge_name, .price = more_.judge_price});
      if (auto price = more_.prices.find(judge_name); price != more_.prices.end())
        priced.back().price = price->second;
      models.emplace(judge_name, judge);
    }
    if (!more_.fallbacks.empty()) {
      std::vector<models::FallbackChain::Entry> chain{{"m", models.at("m")}};
      for (const Fallback& fallback : more_.fallbacks) {
        priced.front().fallback.push_back(fallback.name);
        priced.push_back({.name = fallback.name, .price = fallback.price});
        models.emplace(fallback.name, fallback.model);
        chain.push_back({fallback.name, fallback.model});
      }
      models["m"] = std::make_shared<models::FallbackChain>(std::move(chain));
    }
    if (stage) stand_in(*stage, secrets, models, tools);
    auto table = make_agents(
        {agent}, priced, models, tools, *prompts,
        {.embedders = &more_.embedders,
         .vectors = vectors,
         .blocks =
             std::make_shared<BlockJournal>(stage ? stage->loop : loop, stage ? stage->journal : *journal),
         .outside = stage ? [](const MemorySettings&) { return silent_memory(); } : more_.outside});
    REQUIRE(table);
    return std::make_shared<const Catalog>(Catalog{*table, name, std::move(hash), secrets, budgets});
  }

  /// What a replay of a run comes to, by the engine and a configuration that is as this world has it now.
  Result<Replayed> replay_of(const std::string& run) { return replay_in(path(), run, config, stage()); }
  /// The same of all that is in the store.
  ReplayCounts replay_all() { return expect_replays(path(), config, stage()); }
  /// What the agent is, from the next configuration on.
  More& more() { return more_; }
  AgentLimits& limits() { return limits_; }

  SystemClock clock;
  Loop loop{clock};
  bool forged = false;  ///< the test itself writes what no run would
  bool replays = true;  ///< all runs of the store are of the configuration as it is
  std::unique_ptr<store::Journal> journal;
  std::unique_ptr<bus::Bus> bus;
  std::unique_ptr<LocalRunDesk> desk;
  std::vector<Frame> frames;
  std::shared_ptr<memory::TurnVectors> vectors = std::make_shared<memory::TurnVectorsInMemory>();
  std::vector<models::Image> attachments;  ///< of the next message
  Secrets secrets;                         ///< of the configuration the next open() reads
  std::string config = "hash";             ///< of the configuration the next open() reads
  BudgetSettings budgets;                  ///< of the configuration the next open() reads
  std::shared_ptr<const Catalog> earlier;  ///< what resume() finds for a run of another configuration
  std::vector<std::string> asked_for;      ///< configurations it looked for
  std::shared_ptr<fakes::TestTool> tool = std::make_shared<fakes::TestTool>(
      "look", tools::Effect::pure,
      [](const tools::ToolInput&) { return tools::ToolOutput{"forty-two", {}}; });

 private:
  ReplayCatalog stage() {
    return [this](ReplayStage on) { return catalog("a", config, nullptr, &on); };
  }

  template <class Condition>
  Task<> poll(Condition done) {
    Stop never;
    for (int i = 0; i < 20'000 && !done(); ++i) co_await loop.sleep_for(1ms, never);
    REQUIRE(done());
  }

  void on_frame(const Frame& frame) override { frames.push_back(frame); }

  CatalogFinder finder() {
    return [this](std::string hash) { return find_earlier(std::move(hash)); };
  }
  Task<Result<std::shared_ptr<const Catalog>>> find_earlier(std::string hash) {
    asked_for.push_back(std::move(hash));
    if (!earlier) co_return fail(ErrorCode::invalid, "its secret is gone");
    co_return earlier;
  }

  fakes::TempDir dir_;
  SystemRng rng_;
  std::shared_ptr<ScriptedModel> model_;
  DeskSettings settings_;
  AgentLimits limits_;
  More more_;
  std::unique_ptr<store::Journal::Subscription> subscription_;
};

inline std::shared_ptr<ScriptedModel> says(std::vector<ScriptedModel::Line> lines) {
  return std::make_shared<ScriptedModel>(std::move(lines));
}

}  // namespace troupe::agents::testing
