#pragma once

#include "agents/runs/run_desk.h"
#include "agents/section.h"
#include "agents/teams/make_teams.h"
#include "agents/teams/section.h"
#include "runtime/bus/local_bus.h"
#include "tests/agents/check/kept_store.h"
#include "tests/agents/check/replayed_store.h"
#include "tests/fakes/read_section.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/scripted_model.h"
#include "tests/fakes/temp_dir.h"
#include "tests/fakes/wall_clock.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::agents::testing {

using fakes::read_section;
using fakes::ScriptedModel;
using namespace std::chrono_literals;

/// A desk over a real store in a directory of its own, with agents and teams that ask the model `m`. The
/// model answers by who asks it: the agent's role stands in its system prompt.
class TeamWorld : store::Subscriber {
 public:
  /// What the agent of a role says to its last message.
  using Says = std::function<ScriptedModel::Line(const std::string& role, const std::string& heard)>;

  /// `other` is asked in the place of the model that says.
  TeamWorld(std::string agents, std::string teams, Says says, std::shared_ptr<models::Model> other = nullptr,
            tools::ToolTable own_tools = {})
      : tools(std::move(own_tools)),
        says_(std::move(says)),
        agents_(std::move(agents)),
        teams_(std::move(teams)),
        other_(std::move(other)) {
    model = std::make_shared<ScriptedModel>(
        [this](const models::ModelRequest& request) { return answer(request); });
    open();
  }
  ~TeamWorld() { close(); }

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
  /// The next open() reads this configuration.
  void set_teams(std::string teams) { teams_ = std::move(teams); }
  void resume() {
    const auto none = [](std::string) -> Task<Result<std::shared_ptr<const Catalog>>> {
      co_return fail(ErrorCode::not_found, "no other configuration");
    };
    REQUIRE(fakes::run(loop, desk->resume(none)));
  }
  void reopen(const std::string& session) {
    close();
    open();
    watch(session);
    resume();
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
    return finished(accepted->run);
  }

  template <class Condition>
  void until(Condition done) {
    fakes::run(loop, poll(done));
  }
  Json finished(const std::string& run) {
    until([&] { return !find(run, "run.finished").is_null(); });
    return find(run, "run.finished");
  }

  /// The last event of that type and run; null: there is none.
  Json find(const std::string& run, std::string_view type) const {
    for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame)
      if (frame->type == type && frame->run == run) return *parse_json(*frame->text);
    return nullptr;
  }
  /// The journaled events in their order: "TYPE agent".
  std::vector<std::string> story() const {
    std::vector<std::string> story;
    for (const Frame& frame : frames)
      if (!frame.is_volatile())
        story.push_back(std::string(frame.type) + " " + string_or(*parse_json(*frame.text), "agent"));
    return story;
  }
  std::vector<Json> events(std::string_view type) const {
    std::vector<Json> found;
    for (const Frame& frame : frames)
      if (frame.type == type) found.push_back(*parse_json(*frame.text));
    return found;
  }

  fakes::WallClock clock;
  Loop loop{clock};
  std::shared_ptr<ScriptedModel> model;
  std::vector<std::string> asked;  ///< roles, in the order the model was asked
  std::optional<models::Price> price;
  BudgetSettings budgets;
  tools::ToolTable tools;
  std::shared_ptr<store::Artifacts> artifacts;
  bool forged = false;  ///< the test itself writes what no run would
  bool replays = true;  ///< all runs of the store are of the configuration as it is
  std::unique_ptr<store::Journal> journal;
  std::unique_ptr<bus::Bus> bus;
  std::unique_ptr<LocalRunDesk> desk;
  std::vector<Frame> frames;
  std::function<void(const Frame&)> on_event;  ///< told of each once it is among the frames

  /// What is configured, with what the fields above say now.
  std::shared_ptr<const Catalog> catalog(const ReplayStage* stage = nullptr) {
    auto made = std::make_shared<Catalog>();
    const std::vector<models::ModelSettings> entries{{.name = "m", .price = price}};
    models::ModelTable models{{"m", other_ ? other_ : model}};
    tools::ToolTable known = tools;
    if (stage) stand_in(*stage, {}, models, known);
    auto prompts = prompts::PromptSet::load("");
    REQUIRE(prompts);
    const auto agents = read_section<AgentSettings>(section(), agents_);
    const MemorySources memory;
    auto table = make_agents(agents, entries, models, known, *prompts, memory);
    REQUIRE_MESSAGE(table, table.error().message);
    auto teams = make_teams(read_section<TeamSettings>(teams_section(), teams_), {.agents = agents,
                                                                                  .model_settings = entries,
                                                                                  .models = models,
                                                                                  .tools = known,
                                                                                  .prompts = *prompts,
                                                                                  .memory = memory,
                                                                                  .chains = made->chains,
                                                                                  .artifacts = artifacts});
    REQUIRE_MESSAGE(teams, teams.error().message);
    made->agents = std::move(*table);
    made->teams = std::move(*teams);
    made->budgets = budgets;
    made->config = "config";
    return made;
  }

  std::string path() const { return dir_.path().string(); }
  /// What a replay of a run comes to, by the engine and the configuration as it is now.
  Result<Replayed> replay_of(const std::string& run) { return replay_in(path(), run, "config", stage()); }
  /// The same of all that is in the store.
  ReplayCounts replay_all() { return expect_replays(path(), "config", stage()); }

 private:
  ReplayCatalog stage() {
    return [this](ReplayStage on) { return catalog(&on); };
  }

  // A role is "You are ROLE." in the system prompt; those that a team makes have none.
  ScriptedModel::Line answer(const models::ModelRequest& request) {
    const std::string& system = request.transcript->messages().front().content;
    std::string role = "(made)";
    if (const auto at = system.find("You are "); at != system.npos)
      role = system.substr(at + 8, system.find_first_of(".\n", at) - at - 8);
    asked.push_back(role);
    return says_(role, request.transcript->messages().back().content);
  }

  void on_frame(const Frame& frame) override {
    frames.push_back(frame);
    if (on_event) on_event(frame);
  }

  template <class Condition>
  Task<> poll(Condition& done) {
    Stop never;
    while (!done()) (void)co_await loop.sleep_for(1ms, never);
  }

  Says says_;
  std::string agents_;
  std::string teams_;
  std::shared_ptr<models::Model> other_;
  fakes::TempDir dir_;
  SystemRng rng_;
  std::unique_ptr<store::Journal::Subscription> subscription_;
};

}  // namespace troupe::agents::testing
