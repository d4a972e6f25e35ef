#pragma once

#include "agents/chains/chain.h"
#include "agents/chains/section.h"
#include "agents/runs/run_desk.h"
#include "models/fallback.h"
#include "models/model_use.h"
#include "models/warning.h"
#include "runtime/async/one_shot.h"
#include "runtime/bus/local_bus.h"
#include "runtime/config/document.h"
#include "tests/agents/check/kept_store.h"
#include "tests/agents/check/replayed_store.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/scripted_model.h"
#include "tests/fakes/temp_dir.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::agents::testing {

using fakes::ScriptedModel;
using namespace std::chrono_literals;

/// What the `chains:` section makes of a text, and what it finds wrong with it.
struct ReadChains {
  std::vector<ChainSettings> settings;
  std::vector<std::string> problems;
};
inline ReadChains read_chains(std::string_view text) {
  config::ProcessEnvironment environment;
  config::Sources sources;
  config::Problems problems(sources);
  auto tree = config::load_text("chains.yaml", "/", text, sources, environment, problems);
  ReadChains result;
  config::Reader reader(sources, environment, problems);
  config::Entries<ChainSettings> entries;
  if (tree) chains_section()->read(*tree, entries, reader);
  for (const config::Problem& problem : problems.take({})) result.problems.push_back(problem.text);
  for (auto& [name, settings] : entries) result.settings.push_back(std::move(settings));
  return result;
}

inline memory::Hit hit(std::int64_t chunk, std::string text, std::string title = "Handbook") {
  memory::Hit hit{.chunk = chunk, .document = 7, .source = "docs/handbook.md", .title = std::move(title)};
  hit.end = text.size();
  hit.pieces = {{0, text.size(), 0}};
  hit.text = std::move(text);
  return hit;
}

/// A base `handbook` that finds what a test says.
class FakeKnowledge final : public memory::Knowledge {
 public:
  std::vector<memory::Hit> hits;
  std::optional<Error> error;
  bool hang = false;
  std::vector<models::ModelUse> uses;  ///< told of each search, whatever comes of it
  std::vector<std::string> remarks;
  std::string warns;  ///< not "": each search warns so
  std::vector<std::string> queries;
  std::vector<memory::SearchOverrides> overrides;
  std::string tenant;

  Task<Result<memory::Retrieved>> search(std::string, std::string query, memory::SearchOverrides asked,
                                         CallContext& context) override {
    queries.push_back(std::move(query));
    overrides.push_back(std::move(asked));
    tenant = context.principal.tenant;
    for (const models::ModelUse& use : uses) models::tell_use(context, use);
    if (!warns.empty()) models::warn(context, "rerank_failed", warns);
    if (hang) {
      OneShot<bool> stopped_now(context.loop);
      auto hook = context.stop.on_request([&stopped_now] { stopped_now.set(true); });
      co_await stopped_now.wait();
      co_return fail(stopped("the search", context.stop.reason()));
    }
    if (error) co_return fail(*error);
    co_return memory::Retrieved{.hits = hits, .remarks = remarks};
  }
  Task<Result<std::vector<memory::StoredChunk>>> read(std::string, std::int64_t, std::size_t, std::size_t,
                                                      CallContext&) override {
    co_return std::vector<memory::StoredChunk>();
  }
  std::string about(std::string_view) const override { return ""; }
  std::vector<std::string> names() const override { return {"handbook"}; }
};

/// A desk over a real store in a directory of its own, with chains that ask the models `m` and `n`.
class ChainWorld : store::Subscriber {
 public:
  ChainWorld(std::string chains, std::shared_ptr<ScriptedModel> model)
      : model(std::move(model)), chains_(std::move(chains)) {
    open();
  }
  ~ChainWorld() { close(); }

  void open() {
    auto opened = store::open_sqlite_journal(loop, {.path = dir_.path().string()});
    REQUIRE(opened);
    journal = std::move(*opened);
    bus = bus::make_local_bus(loop, *journal);
    desk = make_run_desk(loop, *journal, *bus, rng_, {}, catalog());
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
  void resume() {
    const auto none = [](std::string) -> Task<Result<std::shared_ptr<const Catalog>>> {
      co_return fail(ErrorCode::not_found, "no other configuration");
    };
    REQUIRE(fakes::run(loop, desk->resume(none)));
  }

  std::string session(const std::string& target) {
    auto row = fakes::run(loop, desk->open_session({"p", "acme"}, "", target));
    REQUIRE(row);
    watch(row->id);
    return row->id;
  }
  void watch(const std::string& session) { subscription_ = journal->subscribe(session, *this); }

  Result<Accepted> submit(std::string session, std::string text, Json inputs = Json::object()) {
    Submission submission{.principal = {"p", "acme"},
                          .session = std::move(session),
                          .text = std::move(text),
                          .inputs = std::move(inputs)};
    return fakes::run(loop, desk->submit(std::move(submission)));
  }
  /// Asks in a session of its own and waits for the end, which it returns.
  Json ask(const std::string& target, std::string text, Json inputs = Json::object()) {
    auto accepted = submit(session(target), std::move(text), std::move(inputs));
    REQUIRE_MESSAGE(accepted, accepted.error().message);
    finished(accepted->run);
    return last("run.finished");
  }

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

  std::vector<std::string> types() const {
    std::vector<std::string> types;
    for (const Frame& frame : frames)
      if (!frame.is_volatile()) types.emplace_back(frame.type);
    return types;
  }
  std::size_t count(std::string_view type) const {
    std::size_t count = 0;
    for (const Frame& frame : frames) count += frame.type == type;
    return count;
  }
  Json last(std::string_view type) const {
    for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame)
      if (frame->type == type) return *parse_json(*frame->text);
    return nullptr;
  }
  /// All of a type, as text put together.
  std::string joined(std::string_view type) const {
    std::string text;
    for (const Frame& frame : frames)
      if (frame.type == type) text += string_or(*parse_json(*frame.text), "text");
    return text;
  }

  SystemClock clock;
  Loop loop{clock};
  std::shared_ptr<ScriptedModel> model;
  std::shared_ptr<models::Model> other;  ///< `n`; null: the same
  std::optional<models::Price> price;    ///< of `m`
  bool falls_back = false;               ///< `m` to `n`, which costs nothing
  int context = 0;                       ///< of `m`, in tokens; 0: unknown
  BudgetSettings budgets;
  FakeKnowledge knowledge;
  bool forged = false;  ///< the test itself writes what no run would
  bool replays = true;  ///< all runs of the store are of the configuration as it is
  std::unique_ptr<store::Journal> journal;
  std::unique_ptr<bus::Bus> bus;
  std::unique_ptr<LocalRunDesk> desk;
  std::vector<Frame> frames;

  /// What is configured, with what the fields above say now.
  std::shared_ptr<const Catalog> catalog(const ReplayStage* stage = nullptr) {
    auto read = read_chains(chains_);
    for (const std::string& problem : read.problems) FAIL(problem);
    const std::vector<models::ModelSettings> entries{
        {.name = "m",
         .context = context,
         .price = price,
         .fallback = falls_back ? std::vector<std::string>{"n"} : std::vector<std::string>()},
        {.name = "n"}};
    models::ModelTable models{{"m", model}, {"n", other ? other : model}};
    if (falls_back)
      models["m"] = std::make_shared<models::FallbackChain>(
          std::vector<models::FallbackChain::Entry>{{"m", models["m"]}, {"n", models["n"]}});
    std::shared_ptr<memory::Knowledge> bases(std::shared_ptr<void>(), &knowledge);
    if (stage) {
      tools::ToolTable none;
      stand_in(*stage, {}, models, none);
      bases = replayed_knowledge(std::make_shared<const Backstage>(stage->cues, stage->texts, Secrets()),
                                 {{"handbook", ""}});
    }
    auto prompts = prompts::PromptSet::load("");
    auto table = make_chains(read.settings, {entries, models, *prompts, bases});
    REQUIRE_MESSAGE(table, table.error().message);
    auto catalog = std::make_shared<Catalog>();
    catalog->chains = std::move(*table);
    catalog->config = "hash";
    catalog->budgets = budgets;
    return catalog;
  }
  void reload() { desk->replace_catalog(catalog()); }

  std::string path() const { return dir_.path().string(); }
  /// What a replay of a run comes to, by the engine and the configuration as it is now.
  Result<Replayed> replay_of(const std::string& run) { return replay_in(path(), run, "hash", stage()); }
  /// The same of all that is in the store.
  ReplayCounts replay_all() { return expect_replays(path(), "hash", stage()); }

 private:
  ReplayCatalog stage() {
    return [this](ReplayStage on) { return catalog(&on); };
  }
  template <class Condition>
  Task<> poll(Condition done) {
    Stop never;
    for (int i = 0; i < 20'000 && !done(); ++i) co_await loop.sleep_for(1ms, never);
    REQUIRE(done());
  }
  void on_frame(const Frame& frame) override { frames.push_back(frame); }

  fakes::TempDir dir_;
  SystemRng rng_;
  std::string chains_;
  std::unique_ptr<store::Journal::Subscription> subscription_;
};

inline std::shared_ptr<ScriptedModel> says(std::vector<ScriptedModel::Line> lines) {
  return std::make_shared<ScriptedModel>(std::move(lines));
}

}  // namespace troupe::agents::testing
