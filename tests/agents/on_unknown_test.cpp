#include "agents/runs/recorded_run.h"
#include "agents/runs/unknown_outcome.h"
#include "tests/agents/world.h"

#include <algorithm>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;
using Kind = tools::CallStatus::Kind;

namespace {

const Principal kMe{"p", "default"};

/// A world whose tool must not be called twice and cannot tell what became of a call, left in the middle of
/// one.
struct Interrupted {
  explicit Interrupted(OnUnknown on_unknown, PeopleSettings people = {}, AgentLimits limits = {},
                       std::vector<std::string> approve = {}, std::string call = kCall, std::size_t calls = 1)
      : model(says({std::move(call)})),
        world(
            model, {}, limits,
            {.agent = {
                 .approve = std::move(approve), .on_unknown = on_unknown, .approvals = std::move(people)}}) {
    world.close();
    world.tool = std::make_shared<fakes::TestTool>(
        "look", tools::Effect::at_most_once,
        [](const tools::ToolInput&) { return tools::ToolOutput{"made again", {}}; });
    world.tool->hang = true;
    world.open();
    world.resume();
    session = world.session();
    run = world.submit(session, "q")->run;
    if (!world.more().agent.approve.empty()) {
      waits();
      REQUIRE(decide({.call = "c_1", .approve = true, .input = Json{{"x", 7}}}));
    }
    world.until([this, calls] { return world.tool->keys.size() == calls; });
    world.close();
    world.tool->hang = false;
  }

  /// The next start.
  void start() {
    world.frames.clear();
    world.open();
    world.watch(session);
    world.resume();
  }
  /// The next start, up to where a person is asked.
  void start_and_wait(std::size_t calls = 1) {
    start();
    waits(calls);
  }
  void waits(std::size_t calls = 1) {
    world.until([&] { return world.desk->pending(kMe, session).size() == calls; });
  }
  Result<> decide(Decision decision) {
    decision.principal = kMe;
    if (decision.run.empty()) decision.session = session;
    return fakes::run(world.loop, world.desk->decide(std::move(decision)));
  }
  Result<> approve(std::string call = "c_1") { return decide({.call = std::move(call), .approve = true}); }
  void finish() {
    model->say(kAnswer);
    world.finished(run);
  }
  /// What replays of it come to, whatever is to be true of it otherwise.
  void replays() {
    auto replayed = world.replay_of(run);
    REQUIRE(replayed);
    if (replayed->difference) FAIL_CHECK(as_text(*replayed->difference));
    CHECK(replayed->outcome == Replayed::Outcome::same);
  }
  /// Over all starts.
  std::size_t journaled(std::string_view kind) {
    std::size_t count = 0;
    for (const store::Fact& fact : *fakes::run(world.loop, world.journal->read_facts(run)))
      count += fact.kind == kind;
    for (const Frame& event : *fakes::run(world.loop, world.journal->read_run_events(run)))
      count += event.type == kind;
    return count;
  }
  std::string status() { return (*fakes::run(world.loop, world.journal->find_run(run)))->status; }

  std::shared_ptr<ScriptedModel> model;
  World world;
  std::string session;
  std::string run;
};

const std::string kTwice = R"({"actions":[{"tool":"look","input":{"x":1}},{"tool":"look","input":{"x":2}}]})";

}  // namespace

TEST_CASE("ask: a call of unknown outcome waits for a person, who is told why") {
  Interrupted it(OnUnknown::ask);
  it.start_and_wait();
  const auto pending = it.world.desk->pending(kMe, it.session);
  CHECK(pending[0].call == "c_1");
  CHECK(pending[0].tool == "look");
  CHECK(pending[0].input == Json{{"x", 1}});
  CHECK(pending[0].question.empty());
  CHECK(pending[0].reason == why_asked_again());
  const Json required = it.world.last("approval.required");
  CHECK(required["reason"] == why_asked_again());
  CHECK(required["seq"].is_number());
  CHECK(it.status() == "waiting");
  CHECK(it.world.tool->keys.size() == 1);
  CHECK(it.world.tool->asked.size() == 1);
  CHECK(it.model->calls() == 1);
}

TEST_CASE("ask, allowed: it is made once more, with the key it had, and that is what is observed") {
  Interrupted it(OnUnknown::ask);
  it.start_and_wait();
  REQUIRE(it.approve());
  it.finish();
  REQUIRE(it.world.tool->keys.size() == 2);
  CHECK(it.world.tool->keys[0] == it.world.tool->keys[1]);
  CHECK(it.model->heard().back().contains("made again"));
  CHECK(it.world.last("approval.given")["by"] == "p");
  CHECK(it.world.last("run.finished")["status"] == "done");
  CHECK(it.journaled("observation") == 1);
  CHECK(it.journaled("tool.intent") == 1);
  CHECK(it.journaled("tool.dispatched") == 2);
  CHECK(it.approve().error().code == ErrorCode::conflict);
  it.replays();
}

TEST_CASE("ask, denied: it is not made again, and the agent is told that and why, whatever on_deny says") {
  Interrupted it(OnUnknown::ask);
  it.world.more().agent.on_deny = OnDeny::stop;
  it.start_and_wait();
  REQUIRE(it.decide({.call = "c_1", .reason = "the money has left"}));
  it.finish();
  CHECK(it.world.tool->keys.size() == 1);
  const Json seen = it.world.last("observation");
  CHECK(seen["ok"] == false);
  CHECK(string_or(seen, "error").starts_with(kOutcomeUnknown));
  CHECK(it.model->heard().back().contains("the money has left"));
  CHECK(it.world.last("approval.denied")["reason"] == "the money has left");
  CHECK(it.world.last("run.finished")["status"] == "done");
  CHECK(it.journaled("observation") == 1);
  it.replays();
}

TEST_CASE("ask: another input is refused, since it would be another call; the same one is none") {
  Interrupted it(OnUnknown::ask);
  it.start_and_wait();
  for (const Json& other : {Json{{"x", 2}}, Json::object(), Json("1")}) {
    auto refused = it.decide({.call = "c_1", .approve = true, .input = other});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid);
  }
  CHECK(it.world.desk->pending(kMe, it.session).size() == 1);
  CHECK(it.world.tool->keys.size() == 1);
  REQUIRE(it.decide({.call = "c_1", .approve = true, .input = Json{{"x", 1}}}));
  it.finish();
  REQUIRE(it.world.tool->keys.size() == 2);
  CHECK(it.world.tool->keys[0] == it.world.tool->keys[1]);
}

TEST_CASE("ask: further ends of the daemon change nothing about the question, and nobody is asked twice") {
  Interrupted it(OnUnknown::ask);
  for (int starts = 0; starts < 3; ++starts) {
    it.start_and_wait();
    CHECK(it.world.count("approval.required") == 1);  // the first by its seq, then for who is there
    CHECK(it.world.tool->asked.size() == 1);          // what is open is answered by a person
    it.world.close();
  }
  it.start_and_wait();
  REQUIRE(it.approve());
  it.finish();
  CHECK(it.journaled("approval.required") == 1);
  CHECK(it.journaled("approval.given") == 1);
  CHECK(it.world.tool->keys.size() == 2);
  it.replays();
}

TEST_CASE("ask: an approval is for one more call; when that is cut off as well a person is asked again") {
  Interrupted it(OnUnknown::ask);
  it.start_and_wait();
  it.world.tool->hang = true;
  REQUIRE(it.approve());
  it.world.until([&] { return it.world.tool->keys.size() == 2; });
  it.world.close();
  it.world.tool->hang = false;

  it.start_and_wait();
  CHECK(it.world.tool->keys.size() == 2);
  REQUIRE(it.approve());
  it.finish();
  CHECK(it.world.tool->keys.size() == 3);
  CHECK(std::ranges::count(it.world.tool->keys, it.world.tool->keys[0]) == 3);
  CHECK(it.journaled("approval.given") == 2);
  CHECK(it.journaled("tool.dispatched") == 3);
  CHECK(it.journaled("observation") == 1);
  it.replays();
}

TEST_CASE("ask: what was decided stands after the end of the daemon, and is acted on without asking") {
  Interrupted it(OnUnknown::ask, {}, {}, {}, kTwice, 2);
  it.world.limits().parallel = 1;
  it.start_and_wait(2);
  it.world.tool->hang = true;
  REQUIRE(it.approve("c_1"));  // is called, and does not come back
  it.world.until([&] { return it.world.tool->keys.size() == 3; });
  REQUIRE(it.approve("c_2"));  // waits for its turn
  it.world.close();
  it.world.tool->hang = false;

  it.start();
  it.world.until([&] { return it.world.tool->keys.size() == 4; });
  it.waits(1);
  CHECK(it.world.desk->pending(kMe, it.session)[0].call == "c_1");
  CHECK(it.world.tool->keys[3] != it.world.tool->keys[2]);
  CHECK(it.approve("c_2").error().code == ErrorCode::conflict);
  REQUIRE(it.decide({.call = "c_1"}));
  it.finish();
  CHECK(it.world.tool->keys.size() == 4);
  CHECK(it.journaled("observation") == 2);
}

TEST_CASE("ask: of several calls each has its own decision, and who waits for one holds up no other") {
  Interrupted it(OnUnknown::ask, {}, {}, {}, kTwice, 2);
  it.start_and_wait(2);
  REQUIRE(it.approve("c_2"));
  it.world.until([&] { return it.world.seen("observation"); });
  CHECK(it.world.last("observation")["call"] == "c_2");
  CHECK(it.status() == "waiting");
  it.world.close();
  it.start_and_wait(1);
  REQUIRE(it.decide({.call = "c_1", .reason = "no"}));
  it.finish();
  CHECK(it.world.tool->keys.size() == 3);
  CHECK(it.journaled("observation") == 2);
  it.replays();
}

TEST_CASE("ask: the first of two decisions at once counts") {
  Interrupted it(OnUnknown::ask);
  it.start_and_wait();
  std::vector<Result<>> outcomes;
  Nursery nursery(it.world.loop);
  auto decide = [&](bool approve) -> Task<> {
    Decision decision{.principal = kMe, .session = it.session, .call = "c_1", .approve = approve};
    outcomes.push_back(co_await it.world.desk->decide(std::move(decision)));
  };
  bool yes_first = false;
  SUBCASE("yes and no") {
    yes_first = true;
  }
  SUBCASE("no and yes") {}
  nursery.spawn("first", [&] { return decide(yes_first); });
  nursery.spawn("second", [&] { return decide(!yes_first); });
  fakes::run(it.world.loop, nursery.join());
  CHECK(std::ranges::count_if(outcomes, [](const auto& one) { return one.has_value(); }) == 1);
  it.finish();
  CHECK(it.world.tool->keys.size() == (yes_first ? 2 : 1));
  CHECK(it.journaled("approval.given") + it.journaled("approval.denied") == 1);
  CHECK(it.journaled("observation") == 1);
}

TEST_CASE("ask: a tool that has come to know meanwhile is believed, and the call is not made again") {
  Interrupted it(OnUnknown::ask);
  it.start_and_wait();
  it.world.tool->on_status = [](const std::string&) -> Result<tools::CallStatus> {
    return tools::CallStatus{Kind::done, {"was done", {}}};
  };
  REQUIRE(it.approve());
  it.finish();
  CHECK(it.world.tool->keys.size() == 1);
  CHECK(it.model->heard().back().contains("was done"));
  CHECK(it.journaled("tool.dispatched") == 1);
  it.replays();
}

TEST_CASE("ask: a tool that can tell is not asked about") {
  Interrupted it(OnUnknown::ask);
  it.world.tool->on_status = [](const std::string&) -> Result<tools::CallStatus> {
    return tools::CallStatus{Kind::not_done, {}};
  };
  it.start();
  it.finish();
  CHECK(it.world.tool->keys.size() == 2);
  CHECK_FALSE(it.world.seen("approval.required"));
  CHECK(it.journaled("tool.dispatched") == 1);
}

TEST_CASE("ask: a call that a person had allowed with another input is asked about with that one") {
  Interrupted it(OnUnknown::ask, {}, {}, {"look"});
  it.start_and_wait();
  CHECK(it.world.desk->pending(kMe, it.session)[0].input == Json{{"x", 7}});
  CHECK(it.world.last("approval.required")["input"] == Json{{"x", 7}});
  it.world.close();
  it.start_and_wait();
  CHECK(it.world.last("approval.required")["input"] == Json{{"x", 7}});
  REQUIRE(it.approve());
  it.finish();
  REQUIRE(it.world.tool->keys.size() == 2);
  CHECK(it.world.tool->keys[0] == it.world.tool->keys[1]);
  CHECK(it.model->heard().back().contains("a person changed the input"));
  CHECK(it.journaled("approval.given") == 2);
  it.replays();
}

TEST_CASE("ask: where nobody decides in time it is not made again") {
  PeopleSettings people{.timeout = 250ms};
  SUBCASE("on_timeout: deny") {
    Interrupted it(OnUnknown::ask, people);
    it.start_and_wait();
    it.finish();
    CHECK(it.world.last("approval.denied")["by"] == "timeout");
    CHECK(it.model->heard().back().contains("nobody decided within 250ms"));
    CHECK(it.world.last("run.finished")["status"] == "done");
    CHECK(it.world.tool->keys.size() == 1);
    it.replays();
  }
  SUBCASE("on_timeout: stop") {
    people.on_timeout = OnTimeout::stop;
    Interrupted it(OnUnknown::ask, people);
    it.start_and_wait();
    it.world.finished(it.run);
    CHECK(it.world.last("run.finished")["status"] == "denied");
    CHECK(it.world.last("run.finished")["reason"] == "unanswered");
    CHECK(string_or(it.world.last("observation"), "error").starts_with(kOutcomeUnknown));
    CHECK(it.world.tool->keys.size() == 1);
    it.replays();

    // Who goes on with that run is asked once more, by it, and the call keeps its key.
    it.world.more().agent.approvals = {};
    it.world.close();
    it.start();
    auto forked =
        fakes::run(it.world.loop, it.world.desk->fork({.principal = kMe, .run = it.run, .resumes = true}));
    REQUIRE(forked);
    it.waits();
    CHECK(it.world.desk->pending(kMe, it.session)[0].run == forked->run);
    REQUIRE(it.approve());
    it.model->say(kAnswer);
    it.world.finished(forked->run);
    REQUIRE(it.world.tool->keys.size() == 2);
    CHECK(it.world.tool->keys[0] == it.world.tool->keys[1]);
  }
}

TEST_CASE("ask: the run's clock stands still meanwhile") {
  Interrupted it(OnUnknown::ask, {}, {.time = 500ms});
  it.start_and_wait();
  Stop never;
  (void)fakes::run(it.world.loop, it.world.loop.sleep_for(700ms, never));
  CHECK_FALSE(it.world.seen("run.finished"));
  REQUIRE(it.approve());
  it.finish();
  CHECK(it.world.last("run.finished")["status"] == "done");
}

TEST_CASE("ask: a run that waits can be cancelled, and its call stays unknown") {
  Interrupted it(OnUnknown::ask);
  it.start_and_wait();
  REQUIRE(fakes::run(it.world.loop, it.world.desk->cancel(kMe, it.run, CancelMode::now)));
  it.world.finished(it.run);
  CHECK(it.world.last("run.finished")["status"] == "cancelled");
  CHECK(it.world.tool->keys.size() == 1);
  CHECK(it.journaled("observation") == 1);
  CHECK(string_or(it.world.last("observation"), "error").starts_with(kOutcomeUnknown));
  CHECK(it.approve().error().code == ErrorCode::not_found);
  it.replays();
}

TEST_CASE("fail: the run ends, whoever resumes it goes on behind the call, which stays unknown") {
  std::string call = kCall;
  std::size_t calls = 1;
  SUBCASE("a call alone") {}
  SUBCASE("one of several") {
    call = kTwice;
    calls = 2;
  }
  Interrupted it(OnUnknown::fail, {}, {}, {}, call, calls);
  it.start();
  it.world.finished(it.run);
  const Json end = it.world.last("run.finished");
  CHECK(end["status"] == "failed");
  CHECK(end["reason"] == "tool_error");
  CHECK(string_or(end, "error").contains(kOutcomeUnknown));
  CHECK(it.world.tool->keys.size() == calls);
  CHECK(it.journaled("observation") == calls);
  CHECK(it.model->calls() == 1);
  it.replays();

  auto forked =
      fakes::run(it.world.loop, it.world.desk->fork({.principal = kMe, .run = it.run, .resumes = true}));
  REQUIRE(forked);
  it.model->say(kAnswer);
  it.world.finished(forked->run);
  CHECK(it.world.last("run.finished")["status"] == "done");
  CHECK(it.model->heard().back().contains(kOutcomeUnknown));
  CHECK(it.world.tool->keys.size() == calls);
}

TEST_CASE(
    "fail: when only one of a step's observations was on disk, the others are not made at the next start") {
  Interrupted it(OnUnknown::fail, {}, {}, {}, kTwice, 2);
  it.world.tool->on_status = [](const std::string&) -> Result<tools::CallStatus> {
    return tools::CallStatus{Kind::not_done, {}};
  };
  it.world.open();
  store::Append first;
  first.events.push_back(
      {.type = "observation", .session = it.session, .run = it.run, .agent = "a", .step = 1});
  first.events.back().fields = {{"call", "c_1"}, {"tool", "look"}, {"ok", false}, {"error", told_unknown()}};
  first.facts.push_back({.run = it.run, .kind = kUnknownFact, .step = 1, .body = R"({"call":"c_1"})"});
  REQUIRE(fakes::run(it.world.loop, it.world.journal->commit(std::move(first))));
  it.world.watch(it.session);
  it.world.resume();
  it.world.finished(it.run);
  CHECK(it.world.last("run.finished")["reason"] == "tool_error");
  CHECK(it.world.tool->keys.size() == 2);
  CHECK(it.journaled("observation") == 2);
}

TEST_CASE("fail: a run whose observation is on disk and whose end is not comes to the same end") {
  const auto frame = [](std::string text) {
    return Frame{.text = std::make_shared<const std::string>(std::move(text)),
                 .seq = 1,
                 .run = "r_1",
                 .type = "observation",
                 .step = 1};
  };
  auto recorded =
      fold_run({{.run = "r_1", .kind = kUnknownFact, .step = 1, .body = R"({"call":"c_1"})"}},
               {frame(R"({"type":"observation","call":"c_1","tool":"t","ok":false,"error":"?"})"),
                frame(R"({"type":"observation","call":"c_2","tool":"t","ok":false,"error":"?"})")});
  REQUIRE(recorded);
  CHECK(recorded->observations.at("c_1").unknown);
  CHECK_FALSE(recorded->observations.at("c_2").unknown);
  for (const OnUnknown rule : {OnUnknown::fail, OnUnknown::tell}) {
    ReactLoop loop({}, {}, nullptr, nullptr, {.on_unknown = rule});
    (void)loop.start();
    (void)loop.on_reply({}, {.outcome = ActionStep{{{"t", Json::object(), ""}}}, .consumed = 1}, 0);
    const Step next = loop.on_observations({recorded->observations.at("c_1")});
    const auto* end = std::get_if<Finish>(&next);
    CHECK((end != nullptr) == (rule == OnUnknown::fail));
    if (end) CHECK(end->reason == "tool_error");
  }
}
