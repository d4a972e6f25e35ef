#include "tests/agents/chains/chain_world.h"

#include <algorithm>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

/// A journal whose process dies at a commit: that one and all after it are lost.
class DyingJournal final : public store::Journal {
 public:
  DyingJournal(store::Journal& inner, int commits) : inner_(inner), left_(commits) {}
  bool dead() const { return left_ < 0; }

  Task<Result<>> commit(store::Append append) override {
    if (--left_ < 0) co_return fail(ErrorCode::store, "the process was killed");
    co_return co_await inner_.commit(std::move(append));
  }
  void post(store::Append append) override {
    if (left_ >= 0) inner_.post(std::move(append));
  }
  void publish(const Event& event) override { inner_.publish(event); }
  std::unique_ptr<Subscription> subscribe(const std::string& session, store::Subscriber& who) override {
    return inner_.subscribe(session, who);
  }
  Task<Result<std::vector<Frame>>> read_events(std::string session, std::int64_t after,
                                               std::size_t limit) override {
    return inner_.read_events(std::move(session), after, limit);
  }
  Task<Result<std::vector<Frame>>> read_run_events(std::string run) override {
    return inner_.read_run_events(std::move(run));
  }
  Task<Result<std::vector<store::Fact>>> read_facts(std::string run) override {
    return inner_.read_facts(std::move(run));
  }
  Task<Result<std::vector<store::Fact>>> session_facts(std::string session, std::string kind) override {
    return inner_.session_facts(std::move(session), std::move(kind));
  }
  Task<Result<std::optional<store::SessionRow>>> find_session(std::string id) override {
    return inner_.find_session(std::move(id));
  }
  Task<Result<std::optional<store::RunRow>>> find_run(std::string id) override {
    return inner_.find_run(std::move(id));
  }
  Task<Result<std::optional<store::RunRow>>> find_message(std::string session, std::string id) override {
    return inner_.find_message(std::move(session), std::move(id));
  }
  Task<Result<std::vector<store::SessionRow>>> list_sessions(std::string tenant, std::size_t most) override {
    return inner_.list_sessions(std::move(tenant), most);
  }
  Task<Result<std::vector<store::RunRow>>> list_runs(std::string tenant, std::string session,
                                                     std::size_t most) override {
    return inner_.list_runs(std::move(tenant), std::move(session), most);
  }
  Task<Result<std::vector<store::RunRow>>> unfinished_runs() override { return inner_.unfinished_runs(); }
  Task<Result<std::vector<store::RunRow>>> turns(std::string session, std::string agent,
                                                 std::size_t most) override {
    return inner_.turns(std::move(session), std::move(agent), most);
  }
  Task<Result<std::vector<store::UsageRow>>> usage(store::UsageQuery query) override {
    return inner_.usage(std::move(query));
  }
  Task<Result<std::vector<store::DeadLetterRow>>> dead_letters(std::string tenant,
                                                               std::size_t most) override {
    return inner_.dead_letters(std::move(tenant), most);
  }
  Task<Result<std::optional<store::DeadLetterRow>>> find_dead_letter(std::string tenant,
                                                                     std::string id) override {
    return inner_.find_dead_letter(std::move(tenant), std::move(id));
  }
  Task<Result<std::string>> put_blob(std::string text) override { return inner_.put_blob(std::move(text)); }
  Task<Result<std::string>> get_blob(std::string hash) override { return inner_.get_blob(std::move(hash)); }
  Task<Result<std::int64_t>> last_seq(std::string session) override {
    return inner_.last_seq(std::move(session));
  }
  bool paused(std::string* reason) const override { return inner_.paused(reason); }
  const std::string& instance() const override { return inner_.instance(); }
  Task<> close() override { co_return; }

 private:
  store::Journal& inner_;
  int left_;
};

const std::string kChain = R"(
all:
  model: m
  steps:
    - rewrite:
    - retrieve: handbook
    - { combine: map_reduce, passages: 1, name: found }
    - parallel:
        pro: [ { prompt: "For {found}" }, { model: m }, { parse: json, retries: 2 } ]
        contra: [ { prompt: "Against {message}" }, { model: n } ]
    - prompt: "{pro} or {contra}?"
    - model: m
)";

/// The same reply to the same request, in whatever process and order; `asked` counts each.
struct Replies {
  std::map<std::string, int> asked;

  ScriptedModel::Line operator()(const models::ModelRequest& request) {
    const std::string& last = request.transcript->messages().back().content;
    ++asked[last];
    if (last.starts_with("For")) return "no JSON";
    if (last.contains("correction")) return R"({"good": true})";
    if (last.starts_with("Against")) return "bad";
    if (last.contains("\"history\"")) return R"({"question": "What is known of leave?"})";
    const auto data = parse_json(last);
    if (!data) return "In short: " + last;
    if (find(*data, "notes")) return "noted [1][2]";
    return "[" + dump((*data)["passages"][0]["index"]) + "]";
  }
};

struct World : ChainWorld {
  explicit World(Replies& replies)
      : ChainWorld(kChain,
                   std::make_shared<ScriptedModel>(ScriptedModel::Rule(
                       [&replies](const models::ModelRequest& request) { return replies(request); }))) {
    model->usage = {.input_tokens = 30, .output_tokens = 2};
    knowledge.hits = {hit(1, "Leave is thirty days."), hit(2, "Leave is paid.")};
  }
  /// Journaled events of a run, without what differs from process to process.
  std::vector<std::string> told(const std::string& run) {
    auto events = fakes::run(loop, journal->read_run_events(run));
    REQUIRE(events);
    std::vector<std::string> all;
    for (const Frame& frame : *events) {
      Json event = *parse_json(*frame.text);
      for (const char* varies : {"seq", "ts", "ms", "run", "session"}) event.erase(varies);
      all.push_back(dump(event));
    }
    std::ranges::sort(all);  // branches end as they will
    return all;
  }
};

}  // namespace

TEST_CASE(
    "killed at any of its appends, a chain goes on: the same events and answer, no finished call again") {
  std::vector<std::string> expected;
  int calls = 0;
  for (int at = -1; at < 100; ++at) {
    CAPTURE(at);
    Replies replies;
    World world(replies);
    world.resume();
    const std::string session = world.session("all");
    auto before = world.submit(session, "And the first?");
    world.finished(before->run);
    replies.asked.clear();
    std::string run;
    bool died = false;
    if (at < 0) {
      auto accepted = world.submit(session, "How long?");
      REQUIRE(accepted);
      run = accepted->run;
    } else {
      world.desk->hurry();
      fakes::run(world.loop, world.desk->drain(0ms));
      DyingJournal dying(*world.journal, at + 1);  // the acceptance is the first
      SystemRng rng;
      const auto bus = bus::make_local_bus(world.loop, dying);
      auto desk = make_run_desk(world.loop, dying, *bus, rng, {}, world.catalog());
      const auto none = [](std::string) -> Task<Result<std::shared_ptr<const Catalog>>> {
        co_return fail(ErrorCode::not_found, "");
      };
      REQUIRE(fakes::run(world.loop, desk->resume(none)));
      auto accepted = fakes::run(
          world.loop, desk->submit({.principal = {"p", "acme"}, .session = session, .text = "How long?"}));
      REQUIRE(accepted);
      run = accepted->run;
      world.until([&] { return desk->status().running == 0; });
      fakes::run(world.loop, desk->drain(0ms));
      died = dying.dead();
    }
    if (died) {
      world.close();
      world.open();
      world.watch(session);
      world.resume();
    }
    world.finished(run);
    if (at < 0) {
      expected = world.told(run);
      for (const auto& [request, count] : replies.asked) calls += count;
      CHECK(calls == 8);
      continue;
    }
    CHECK(world.told(run) == expected);
    int asked = 0;
    for (const auto& [request, count] : replies.asked) {
      CHECK(count <= 2);  // only what was under way when it died
      asked += count;
    }
    CHECK(asked <= calls + 2);
    const Json answer = world.last("answer");
    CHECK(answer["text"] == R"(In short: {"good":true} or bad?)");
    CHECK(world.count("run.finished") == 2);
    if (!died) return;
  }
  FAIL("the run has more appends than were tried");
}

TEST_CASE("a desk that stops leaves a chain unfinished, and the next one ends it") {
  auto model = says({"Ada", ScriptedModel::Hang{}, "Engines."});
  ChainWorld world(
      "two: { steps: [ { prompt: who }, { model: m }, { prompt: \"what of {input}\" }, { model: m "
      "} ] }",
      model);
  world.resume();
  const std::string session = world.session("two");
  auto run = world.submit(session, "go");
  world.until([&] { return model->calls() == 2; });

  world.close();
  world.open();
  world.watch(session);
  CHECK(world.count("run.finished") == 0);
  world.resume();
  world.finished(run->run);

  CHECK(model->calls() == 3);
  CHECK(world.last("answer")["text"] == "Engines.");
  CHECK(world.count("stream.reset") == 1);
  CHECK(world.count("run.started") == 1);
}

TEST_CASE("what a crash took counts against the limits and stands in the ledger, once") {
  auto model = says({ScriptedModel::Hang{}, ScriptedModel::Hang{}, ScriptedModel::Hang{}, "late"});
  ChainWorld world("one: { limits: { tokens: 300 }, steps: [ { prompt: \"{message}\" }, { model: m } ] }",
                   model);
  world.resume();
  const std::string session = world.session("one");
  auto run = world.submit(session, std::string(480, 'x'));  // about 130 tokens
  for (int calls = 1; calls <= 2; ++calls) {
    world.until([&] { return model->calls() == calls; });
    world.close();
    world.open();
    world.watch(session);
    world.resume();
  }
  world.finished(run->run);
  CHECK(model->calls() == 2);
  CHECK(world.last("run.finished")["reason"] == "max_tokens");
  auto rows = fakes::run(world.loop, world.journal->usage({.by = store::UsageBy::target}));
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  CHECK(rows->front().used.calls == 2);
}
