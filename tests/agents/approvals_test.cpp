#include "tests/agents/world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

const Principal kMe{"p", "default"};

/// A world whose agent may call `send` only when a person allows it, besides `look`.
struct Guarded {
  explicit Guarded(std::vector<ScriptedModel::Line> lines, AgentLimits limits = {},
                   OnDeny on_deny = OnDeny::tell)
      : model(says(std::move(lines))),
        world(model, {}, limits, {.agent = {.approve = {"send"}, .on_deny = on_deny}, .tools = {send}}) {
    world.resume();
    session = world.session();
    run = world.submit(session, "q")->run;
  }

  void restart() {
    world.close();
    world.frames.clear();
    world.open();
    world.watch(session);
    world.resume();
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
  Result<> deny(std::string call, std::string reason) {
    return decide({.call = std::move(call), .reason = std::move(reason)});
  }

  std::vector<Json> sent;  // what `send` was called with
  std::shared_ptr<fakes::TestTool> send = std::make_shared<fakes::TestTool>(
      "send", tools::Effect::at_most_once, [this](const tools::ToolInput& input) {
        sent.push_back(input.arguments);
        return tools::ToolOutput{"sent", {}};
      });
  std::shared_ptr<ScriptedModel> model;
  World world;
  std::string session;
  std::string run;
};

const std::string kSend = R"({"thought":"t","action":"send","action_input":{"x":1}})";

}  // namespace

TEST_CASE("a call that needs an approval waits, is made once it is given, and both are events") {
  Guarded guarded({kSend, kAnswer});
  guarded.waits();
  CHECK(guarded.sent.empty());
  const auto pending = guarded.world.desk->pending(kMe, guarded.session);
  CHECK(pending[0].run == guarded.run);
  CHECK(pending[0].tool == "send");
  CHECK(pending[0].input == Json{{"x", 1}});

  REQUIRE(guarded.approve());
  guarded.world.finished(guarded.run);

  CHECK(guarded.world.types() ==
        std::vector<std::string>{"run.started", "thought", "action", "approval.required", "approval.given",
                                 "observation", "thought", "answer", "usage", "run.finished"});
  CHECK(guarded.sent == std::vector<Json>{{{"x", 1}}});
  const Json given = guarded.world.last("approval.given");
  CHECK(given["call"] == "c_1");
  CHECK(given["by"] == "p");
  CHECK(guarded.world.last("run.finished")["status"] == "done");
}

TEST_CASE("the first decision counts; a second one comes too late, also when the run has ended") {
  Guarded guarded({kSend, kAnswer});
  guarded.waits();
  REQUIRE(guarded.approve());
  CHECK(guarded.deny("c_1", "no").error().code == ErrorCode::conflict);
  guarded.world.finished(guarded.run);
  CHECK(guarded.approve().error().code == ErrorCode::conflict);
  CHECK(guarded.decide({.run = guarded.run, .call = "c_1"}).error().code == ErrorCode::conflict);
  CHECK(guarded.world.count("approval.given") == 1);
  CHECK_FALSE(guarded.world.seen("approval.denied"));
}

TEST_CASE("two decisions at once: one counts") {
  Guarded guarded({kSend, kAnswer});
  guarded.waits();
  std::vector<Result<>> outcomes;
  Nursery nursery(guarded.world.loop);
  auto decide = [&](bool approve) -> Task<> {
    Decision decision{.principal = kMe, .session = guarded.session, .call = "c_1", .approve = approve};
    auto taken = co_await guarded.world.desk->decide(std::move(decision));
    outcomes.push_back(taken);
  };
  nursery.spawn("yes", [&] { return decide(true); });
  nursery.spawn("no", [&] { return decide(false); });
  fakes::run(guarded.world.loop, nursery.join());
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].has_value() != outcomes[1].has_value());
  guarded.world.finished(guarded.run);
}

TEST_CASE("a denial reaches the agent with its reason, and nothing is called") {
  Guarded guarded({kSend, kAnswer});
  guarded.waits();
  REQUIRE(guarded.deny("c_1", "not on Sundays"));
  guarded.world.finished(guarded.run);
  CHECK(guarded.sent.empty());
  CHECK(guarded.model->heard()[1].contains("not on Sundays"));
  CHECK(guarded.world.last("approval.denied")["reason"] == "not on Sundays");
  CHECK(guarded.world.last("run.finished")["status"] == "done");
}

TEST_CASE("on_deny: stop ends the run as denied, and other calls of the step with it") {
  Guarded guarded({R"({"actions":[{"tool":"send","input":{"x":1}},{"tool":"send","input":{"x":2}}]})"}, {},
                  OnDeny::stop);
  guarded.waits(2);
  REQUIRE(guarded.deny("c_2", "no"));
  guarded.world.finished(guarded.run);
  CHECK(guarded.world.last("run.finished")["status"] == "denied");
  CHECK(guarded.world.last("run.finished")["reason"] == "denied");
  CHECK(guarded.world.count("observation") == 2);
  CHECK(guarded.sent.empty());
}

TEST_CASE("an edited input is what is called, and the agent is told of it") {
  Guarded guarded({kSend, kAnswer});
  guarded.waits();
  REQUIRE(guarded.decide({.call = "c_1", .approve = true, .input = Json{{"x", 7}}}));
  guarded.world.finished(guarded.run);
  CHECK(guarded.sent == std::vector<Json>{{{"x", 7}}});
  CHECK(guarded.world.last("approval.given")["input"]["x"] == 7);
  CHECK(guarded.model->heard()[1].contains("a person changed the input"));
}

TEST_CASE("an edited input that the tool does not take fails closed: the call goes on waiting") {
  Guarded guarded({kSend, kAnswer});
  guarded.waits();
  for (Json wrong : {Json{{"x", "seven"}}, Json{{"y", 1}}, Json{{"x", 1}, {"z", 2}}, Json::object(),
                     Json("7"), Json{{"x", "7"}}, Json::array({1})}) {
    auto refused = guarded.decide({.call = "c_1", .approve = true, .input = wrong});
    INFO(dump(wrong));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid);
  }
  CHECK(guarded.world.desk->pending(kMe, guarded.session).size() == 1);
  CHECK(guarded.sent.empty());
  REQUIRE(guarded.approve());
  guarded.world.finished(guarded.run);
  CHECK(guarded.sent.size() == 1);
}

TEST_CASE("wrong decisions are answered with a reason") {
  Guarded guarded({kSend, kAnswer});
  guarded.waits();
  CHECK(guarded.approve("c_9").error().code == ErrorCode::not_found);
  CHECK(guarded.decide({.run = "r_none", .call = "c_1", .approve = true}).error().code ==
        ErrorCode::not_found);
  Decision stranger{.principal = {"x", "other"}, .session = guarded.session, .call = "c_1", .approve = true};
  CHECK(fakes::run(guarded.world.loop, guarded.world.desk->decide(stranger)).error().code ==
        ErrorCode::not_found);
  stranger.session = "";
  stranger.run = guarded.run;
  CHECK(fakes::run(guarded.world.loop, guarded.world.desk->decide(stranger)).error().code ==
        ErrorCode::not_found);
  CHECK(guarded.world.desk->pending({"x", "other"}, guarded.session).empty());
  CHECK(guarded.world.desk->pending(kMe, "s_none").empty());
}

TEST_CASE("a call whose input is wrong is refused before anybody is asked") {
  Guarded guarded({R"({"thought":"t","action":"send","action_input":{"x":"one"}})", kAnswer});
  guarded.world.finished(guarded.run);
  CHECK_FALSE(guarded.world.seen("approval.required"));
  CHECK(guarded.world.last("run.finished")["status"] == "done");
}

TEST_CASE("waiting for a person does not use up the run's time") {
  Guarded guarded({kSend, kAnswer}, {.time = 150ms});
  guarded.waits();
  Stop never;
  fakes::run(guarded.world.loop, [](Loop& loop, Stop& stop) -> Task<> {
    (void)co_await loop.sleep_for(400ms, stop);
  }(guarded.world.loop, never));
  CHECK_FALSE(guarded.world.seen("run.finished"));
  REQUIRE(guarded.approve());
  guarded.world.finished(guarded.run);
  CHECK(guarded.world.last("run.finished")["status"] == "done");
}

TEST_CASE("the clock goes on while another call of the step is at work") {
  Guarded guarded({R"({"actions":[{"tool":"send","input":{"x":1}},{"tool":"look","input":{"x":2}}]})"},
                  {.time = 100ms});
  guarded.world.tool->hang = true;
  guarded.world.finished(guarded.run);
  CHECK(guarded.world.last("run.finished")["reason"] == "max_time");
  CHECK(guarded.world.count("observation") == 2);
}

TEST_CASE("a waiting call survives a stop: nothing is asked twice, and the decision is taken after it") {
  Guarded guarded({kSend, kAnswer});
  guarded.waits();
  auto row = fakes::run(guarded.world.loop, guarded.world.journal->find_run(guarded.run));
  CHECK((*row)->status == "waiting");

  guarded.restart();
  guarded.waits();
  CHECK(guarded.world.types().empty());
  CHECK(guarded.world.count("approval.required") == 1);  // once more for who is there now, without a seq
  CHECK(guarded.model->calls() == 1);
  REQUIRE(guarded.approve());
  guarded.world.finished(guarded.run);
  CHECK(guarded.sent.size() == 1);
  CHECK(guarded.world.last("run.finished")["status"] == "done");
}

TEST_CASE("a decision stands after a restart, with the input it changed, and a second one is too late") {
  Guarded guarded({kSend, kAnswer});
  guarded.waits();
  guarded.send->hang = true;
  REQUIRE(guarded.decide({.call = "c_1", .approve = true, .input = Json{{"x", 7}}}));
  guarded.world.until([&] { return guarded.send->keys.size() == 1; });

  guarded.send->hang = false;
  guarded.restart();
  guarded.world.finished(guarded.run);

  // It had left for a tool that must not be called twice.
  CHECK(guarded.send->keys.size() == 1);
  CHECK(guarded.model->heard().back().contains("outcome unknown"));
  CHECK(guarded.approve().error().code == ErrorCode::conflict);
}

TEST_CASE("a run that waits can be cancelled") {
  Guarded guarded({kSend, kAnswer});
  guarded.waits();
  REQUIRE(fakes::run(guarded.world.loop, guarded.world.desk->cancel(kMe, guarded.run, CancelMode::now)));
  guarded.world.finished(guarded.run);
  CHECK(guarded.world.last("run.finished")["status"] == "cancelled");
  CHECK(guarded.sent.empty());
  CHECK(guarded.approve().error().code == ErrorCode::not_found);
  CHECK(guarded.world.desk->pending(kMe, guarded.session).empty());
}

TEST_CASE("calls of one step: those that need nobody go ahead, each of the others has its own decision") {
  Guarded guarded({R"({"actions":[{"tool":"send","input":{"x":1}},{"tool":"look","input":{"x":2}},)"
                   R"({"tool":"send","input":{"x":3}}]})",
                   kAnswer},
                  {.parallel = 1});
  guarded.waits(2);
  guarded.world.until([&] { return guarded.world.tool->keys.size() == 1; });
  REQUIRE(guarded.deny("c_1", "no"));
  REQUIRE(guarded.approve("c_3"));
  guarded.world.finished(guarded.run);
  CHECK(guarded.sent == std::vector<Json>{{{"x", 3}}});
  auto heard = parse_json(guarded.model->heard()[1]);
  REQUIRE(heard);
  CHECK((*heard)["observations"][0]["ok"] == false);
  CHECK((*heard)["observations"][1]["output"] == "forty-two");
  CHECK((*heard)["observations"][2]["output"] == "sent");
}

TEST_CASE("a stop of the daemon does not wait for a person") {
  Guarded guarded({kSend, kAnswer});
  guarded.waits();
  const auto began = std::chrono::steady_clock::now();
  fakes::run(guarded.world.loop, guarded.world.desk->drain(10s));
  CHECK(std::chrono::steady_clock::now() - began < 5s);
  auto row = fakes::run(guarded.world.loop, guarded.world.journal->find_run(guarded.run));
  CHECK_FALSE((*row)->finished());
}

TEST_CASE("a section in `approve` holds for every tool that it gives") {
  for (const std::string approve : {"shop", "shop/send"}) {
    CAPTURE(approve);
    int sent = 0;
    auto send = std::make_shared<fakes::TestTool>("shop/send", tools::Effect::at_most_once,
                                                  [&](const tools::ToolInput&) {
                                                    ++sent;
                                                    return tools::ToolOutput{"sent", {}};
                                                  });
    World world(says({R"({"thought":"t","action":"shop__send","action_input":{"x":1}})", kAnswer}), {}, {},
                {.agent = {.approve = {approve}}, .tools = {send}});
    world.resume();
    const std::string session = world.session();
    const std::string run = world.submit(session, "q")->run;
    world.until([&] { return world.desk->pending(kMe, session).size() == 1; });
    CHECK(world.desk->pending(kMe, session)[0].tool == "shop__send");
    CHECK(sent == 0);
    REQUIRE(fakes::run(
        world.loop,
        world.desk->decide({.principal = kMe, .session = session, .call = "c_1", .approve = true})));
    world.finished(run);
    CHECK(sent == 1);
    CHECK(world.last("action")["tool"] == "shop__send");
  }
}
