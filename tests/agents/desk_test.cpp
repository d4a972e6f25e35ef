#include "tests/agents/world.h"
#include "tools/idempotency.h"

#include <algorithm>
#include <fstream>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

TEST_CASE("a run's events come in the order of the protocol, each with the next seq") {
  World world(says({kCall, kAnswer}));
  world.resume();
  std::string session = world.session();

  auto accepted = world.submit(session, "what is it?", "m1");
  REQUIRE(accepted);
  world.finished(accepted->run);

  CHECK(world.types() == std::vector<std::string>{"run.started", "thought", "action", "observation",
                                                  "thought", "answer", "usage", "run.finished"});
  std::int64_t expected = 0;
  for (const Frame& frame : world.frames)
    if (!frame.is_volatile()) CHECK(frame.seq == ++expected);
  CHECK(world.last("run.started")["message_ids"][0] == "m1");
  CHECK(world.last("observation")["output"] == "forty-two");
  CHECK(world.last("answer")["text"] == "It is 42.");
  CHECK(world.last("run.finished")["status"] == "done");
  CHECK(world.last("run.finished")["steps"] == 2);
}

TEST_CASE("the same message never starts a second run, not even twice at once") {
  World world(says({kAnswer, kAnswer}));
  world.resume();
  std::string session = world.session();
  Result<Accepted> first, second;
  Nursery nursery(world.loop);
  auto send = [&](Result<Accepted>& out) -> Task<> {
    Submission submission{
        .principal = {"p", "default"}, .session = session, .message_id = "m1", .text = "hi"};
    out = co_await world.desk->submit(std::move(submission));
  };
  nursery.spawn("one", [&] { return send(first); });
  nursery.spawn("two", [&] { return send(second); });
  fakes::run(world.loop, nursery.join());

  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->run == second->run);
  CHECK(first->duplicate != second->duplicate);
  world.finished(first->run);
  auto later = world.submit(session, "hi", "m1");
  REQUIRE(later);
  CHECK(later->duplicate);
  CHECK(later->run == first->run);
  CHECK(later->first_seq == 1);
}

TEST_CASE("a message while a run is at work waits its turn, and memory has the turn before") {
  auto model = says({ScriptedModel::Hang{}});
  World world(model);
  world.resume();
  std::string session = world.session();
  auto first = world.submit(session, "one");
  auto second = world.submit(session, "two");
  REQUIRE(second);
  world.until([&] { return model->calls() == 1; });
  CHECK(world.types(second->run) == std::vector<std::string>{"run.queued"});

  model->say(kAnswer);
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, first->run, CancelMode::now)));
  world.finished(second->run);

  CHECK(world.types(first->run) == std::vector<std::string>{"run.started", "run.finished"});
  CHECK(world.types(second->run).at(1) == "run.started");
  world.until([&] { return world.desk->status().running == 0; });
}

TEST_CASE("when_busy: reject answers busy") {
  World world(says({ScriptedModel::Hang{}}), {.when_busy = WhenBusy::reject});
  world.resume();
  std::string session = world.session();
  auto first = world.submit(session, "one");
  auto second = world.submit(session, "two");
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::busy);
}

TEST_CASE("cancel of a queued run, of a finished one and of another tenant's") {
  auto model = says({ScriptedModel::Hang{}});
  World world(model);
  world.resume();
  std::string session = world.session();
  auto first = world.submit(session, "one");
  auto second = world.submit(session, "two");
  Principal me{"p", "default"};

  CHECK(
      fakes::run(world.loop, world.desk->cancel({"x", "other"}, first->run, CancelMode::now)).error().code ==
      ErrorCode::not_found);
  REQUIRE(fakes::run(world.loop, world.desk->cancel(me, second->run, CancelMode::now)));
  world.finished(second->run);
  REQUIRE(fakes::run(world.loop, world.desk->cancel(me, first->run, CancelMode::now)));
  world.finished(first->run);

  CHECK(world.last("run.finished")["status"] == "cancelled");
  CHECK(fakes::run(world.loop, world.desk->cancel(me, first->run, CancelMode::now)).has_value());
  CHECK(fakes::run(world.loop, world.desk->cancel(me, "r_none", CancelMode::now)).error().code ==
        ErrorCode::not_found);
}

TEST_CASE("cancel in the middle of a tool call leaves no dangling call") {
  World world(says({kCall}));
  world.tool->hang = true;
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.until([&] { return !world.tool->keys.empty(); });

  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, run->run, CancelMode::now)));
  world.finished(run->run);

  CHECK(world.types() ==
        std::vector<std::string>{"run.started", "thought", "action", "observation", "run.finished"});
  CHECK(world.last("observation")["ok"] == false);
}

TEST_CASE("the run's time limit cuts a model that says nothing") {
  World world(says({ScriptedModel::Hang{}}), {}, {.time = 20ms});
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("run.finished")["reason"] == "max_time");
}

TEST_CASE("a model's error ends the run and says what the provider said") {
  World world(says({Error{ErrorCode::model, "no such model: gpt-99"}}));
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("run.finished")["reason"] == "model_error");
  CHECK(world.last("run.finished")["error"] == "no such model: gpt-99");
}

TEST_CASE("unknown tools and bad arguments become observations, and the run goes on") {
  auto model = says({R"({"thought":"t","action":"loook","action_input":{"x":1}})",
                     R"({"thought":"t","action":"look","action_input":{"x":"one"}})", kAnswer});
  World world(model);
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "done");
  CHECK(world.tool->keys.empty());
  CHECK(model->heard()[1].contains("loook"));
  CHECK(model->heard()[2].contains("/x"));
}

TEST_CASE("parallel calls: all are made, observations keep their order") {
  World world(says(
      {R"({"actions":[{"tool":"look","input":{"x":1}},{"tool":"nope","input":{}},{"tool":"look","input":{"x":2}}]})",
       kAnswer}));
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(world.tool->keys.size() == 2);
  CHECK(world.tool->keys[0] != world.tool->keys[1]);
  CHECK(world.last("run.finished")["status"] == "done");
}

TEST_CASE("sessions belong to their tenant") {
  World world(says({}));
  world.resume();
  std::string session = world.session("acme");
  CHECK(world.submit(session, "q", "", "other").error().code == ErrorCode::not_found);
  auto opened = fakes::run(world.loop, world.desk->open_session({"x", "other"}, session, ""));
  CHECK(opened.error().code == ErrorCode::not_found);
}

TEST_CASE("a session is deleted by its tenant, once, and not while a run of it is at work or waits") {
  World world(says({ScriptedModel::Hang{}}));
  std::string session = world.session("acme");
  const auto forget = [&](const std::string& tenant) {
    return fakes::run(world.loop, world.desk->forget({"p", tenant}, session));
  };
  CHECK(forget("acme").error().code == ErrorCode::unavailable);  // before the runs of the last stop are known
  world.resume();
  CHECK(forget("other").error().code == ErrorCode::not_found);
  auto run = world.submit(session, "q", "", "acme");
  auto queued = world.submit(session, "q", "", "acme");
  CHECK(forget("acme").error().code == ErrorCode::busy);
  for (const std::string& one : {queued->run, run->run}) {
    REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "acme"}, one, CancelMode::now)));
    world.finished(one);
  }
  world.until([&] { return world.desk->status().sessions == 0; });
  CHECK(forget("acme"));
  CHECK(forget("acme").error().code == ErrorCode::not_found);
  CHECK(world.submit(session, "q", "", "acme").error().code == ErrorCode::not_found);
  CHECK_FALSE(*fakes::run(world.loop, world.journal->find_run(run->run)));
}

TEST_CASE("wrong submissions are answered with a reason") {
  World world(says({}));
  world.resume();
  std::string session = world.session();
  CHECK(world.submit(session, "").error().code == ErrorCode::invalid);
  CHECK(world.submit("s_none", "q").error().code == ErrorCode::not_found);
  CHECK(world.submit(session, std::string(limits::kInputBytes + 1, 'x')).error().code ==
        ErrorCode::too_large);
  auto opened = fakes::run(world.loop, world.desk->open_session({"p", "default"}, "", "b"));
  CHECK(opened.error().message.contains("there is no agent, team or chain `b`"));
}

TEST_CASE("no more runs at once than allowed, and every one gets its turn") {
  auto model = std::make_shared<ScriptedModel>(
      [](const models::ModelRequest&) -> ScriptedModel::Line { return kAnswer; });
  World world(model, {.runs_max = 2, .runs_per_tenant_max = 1});
  world.resume();
  std::vector<std::string> runs;
  for (int i = 0; i < 6; ++i) {
    auto accepted = world.submit(world.session(i % 2 ? "a" : "b"), "q", "", i % 2 ? "a" : "b");
    REQUIRE(accepted);
    runs.push_back(accepted->run);
    CHECK(world.desk->status().running <= 2);
  }
  world.until([&] { return world.desk->status().running + world.desk->status().queued == 0; });
  for (const std::string& run : runs)
    CHECK(fakes::run(world.loop, world.journal->find_run(run)).value()->status == "done");
}

TEST_CASE("a cancel of a run that waits its turn leaves no turn to nobody") {
  auto model = std::make_shared<ScriptedModel>(
      [first = true](const models::ModelRequest&) mutable -> ScriptedModel::Line {
        if (std::exchange(first, false)) return ScriptedModel::Hang{};
        return kAnswer;
      });
  World world(model, {.runs_per_tenant_max = 1});
  world.resume();
  const auto ask = [&](const std::string& session) { return world.submit(session, "q")->run; };
  const std::string working = ask(world.session());
  world.until([&] { return model->calls() == 1; });
  const std::string talk = world.session();
  const std::string unwanted = ask(talk);
  std::vector<std::string> waiting = {ask(talk), ask(world.session())};
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, unwanted, CancelMode::now)));
  world.until([&] { return world.desk->status().queued == waiting.size(); });
  waiting.push_back(ask(world.session()));
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, working, CancelMode::now)));
  world.until([&] { return world.desk->status().running + world.desk->status().queued == 0; });
  for (const std::string& run : waiting)
    CHECK(fakes::run(world.loop, world.journal->find_run(run)).value()->status == "done");
}

TEST_CASE(
    "a run that was at work when the process stopped goes on by itself: what is journaled is not asked or "
    "done again") {
  auto model = says({kCall, ScriptedModel::Hang{}});
  World world(model);
  world.resume();
  std::string session = world.session();
  auto run = world.submit(session, "q", "m1");
  world.until([&] { return model->calls() == 2; });
  world.close();
  CHECK(world.tool->keys.size() == 1);

  world.open();
  world.watch(session);
  model->say(kAnswer);
  world.resume();
  world.finished(run->run);

  CHECK(model->calls() == 3);
  CHECK(world.tool->keys.size() == 1);
  CHECK(model->heard()[2].contains("forty-two"));
  auto events = fakes::run(world.loop, world.journal->read_events(session, 0, 100));
  REQUIRE(events);
  std::vector<std::string> types;
  for (const Frame& frame : *events) types.emplace_back(frame.type);
  CHECK(types == std::vector<std::string>{"run.started", "thought", "action", "observation", "thought",
                                          "answer", "usage", "run.finished"});
}

TEST_CASE(
    "an at-most-once call that was under way is not made again; the agent is told that its outcome is "
    "unknown") {
  auto model = says({kCall});
  World world(model);
  world.close();
  world.tool = std::make_shared<fakes::TestTool>("look", tools::Effect::at_most_once, nullptr);
  world.tool->hang = true;
  world.open();
  world.resume();
  std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return world.tool->keys.size() == 1; });
  world.close();

  world.open();
  world.watch(session);
  model->say(kAnswer);
  world.resume();
  world.finished(run->run);

  CHECK(world.tool->keys.size() == 1);
  CHECK(model->heard().back().contains("outcome unknown"));
}

TEST_CASE("a call that is made again after a stop bears the same key, which no other store gives") {
  auto model = says({kCall});
  World world(model);
  world.close();
  world.tool = std::make_shared<fakes::TestTool>("look", tools::Effect::idempotent, nullptr);
  world.tool->hang = true;
  world.open();
  world.resume();
  const std::string instance = world.journal->instance();
  auto run = world.submit(world.session(), "q");
  world.until([&] { return world.tool->keys.size() == 1; });
  world.close();

  world.open();
  CHECK(world.journal->instance() == instance);
  world.resume();
  world.until([&] { return world.tool->keys.size() == 2; });
  CHECK(world.tool->keys[0] == world.tool->keys[1]);

  tools::CallIdentity call{
      .instance = instance, .run = run->run, .step = 1, .call_index = 0, .tool = "look", .version = "1"};
  CHECK(tools::idempotency_key(call, Json{{"x", 1}}) == world.tool->keys[0]);
  call.instance = "another store's";
  CHECK(tools::idempotency_key(call, Json{{"x", 1}}) != world.tool->keys[0]);
}

TEST_CASE("a run goes on under the configuration it began with, whatever the daemon now reads") {
  auto model = says({kCall, ScriptedModel::Hang{}});
  auto other = says({kAnswer});
  World world(model);
  world.resume();
  std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return model->calls() == 2; });
  world.earlier = world.catalog("a", "hash");
  world.close();

  world.config = "another";
  world.open();
  world.desk->replace_catalog(world.catalog("a", "another", other));
  world.watch(session);
  model->say(kAnswer);
  world.resume();
  world.finished(run->run);
  auto next = world.submit(session, "and now?");
  world.finished(next->run);

  CHECK(world.asked_for == std::vector<std::string>{"hash"});
  CHECK(model->calls() == 3);
  CHECK(other->calls() == 1);
  CHECK(fakes::run(world.loop, world.journal->find_run(run->run)).value()->config == "hash");
  CHECK(fakes::run(world.loop, world.journal->find_run(next->run)).value()->config == "another");
}

TEST_CASE("a run goes on with the prompt it began with, though its file was changed since") {
  fakes::TempDir folder;
  const std::string path = (folder.path() / "prompt.md").string();
  auto write = [&](const std::string& text) {
    std::ofstream(path) << "---\nname: react\ndescription: d\nvariables: [name]\n---\n" << text << "\n";
  };
  std::vector<std::string> systems;
  auto model = std::make_shared<ScriptedModel>([&](const models::ModelRequest& request) {
    systems.push_back(request.transcript->messages().front().content);
    return systems.size() == 1 ? ScriptedModel::Line(ScriptedModel::Hang{}) : ScriptedModel::Line(kAnswer);
  });
  write("You are the first.");
  World world(model, {}, {}, {.agent = {.prompt = path}});
  world.resume();
  std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return systems.size() == 1; });
  world.close();
  write("You are the second.");
  world.open();
  world.watch(session);
  world.resume();
  world.finished(run->run);
  auto next = world.submit(session, "and now?");
  world.finished(next->run);

  REQUIRE(systems.size() == 3);
  CHECK(systems[0] == "You are the first.\n");
  CHECK(systems[1] == systems[0]);
  CHECK(systems[2] == "You are the second.\n");
}

TEST_CASE("a run whose configuration cannot be had waits in the journal, and its session goes on") {
  auto model = says({ScriptedModel::Hang{}});
  World world(model);
  world.resume();
  std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return model->calls() == 1; });
  auto first = world.catalog("a", "hash");
  world.close();

  world.config = "another";
  world.open();
  world.watch(session);
  model->say(kAnswer);
  world.resume();
  auto next = world.submit(session, "again");
  world.finished(next->run);
  CHECK(fakes::run(world.loop, world.journal->find_run(run->run)).value()->status == "running");
  world.close();

  world.open();
  world.watch(session);
  world.earlier = first;
  model->say(kAnswer);
  world.resume();
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "done");
}

TEST_CASE("a message that comes before the runs of the last stop are taken up is answered once, after them") {
  auto model = says({ScriptedModel::Hang{}});
  World world(model);
  world.resume();
  const std::string session = world.session();
  auto old = world.submit(session, "old");
  world.until([&] { return model->calls() == 1; });
  world.close();

  world.open();
  world.watch(session);
  const std::string other = world.session();
  world.watch(session);
  auto alone = world.submit(other, "alone", "m1");
  auto next = world.submit(session, "new");
  REQUIRE(alone);
  REQUIRE(next);
  for (int i = 0; i < 4; ++i) model->say(kAnswer);
  world.resume();
  world.finished(next->run);
  world.until([&] { return world.desk->status().running + world.desk->status().queued == 0; });

  CHECK(model->calls() == 4);
  std::vector<std::string> order;
  for (const Frame& frame : world.frames)
    if (frame.type == "run.finished") order.push_back(frame.run);
  CHECK(order == std::vector<std::string>{old->run, next->run});
  auto events = fakes::run(world.loop, world.journal->read_run_events(alone->run));
  REQUIRE(events);
  CHECK(std::ranges::count(*events, "run.finished", &Frame::type) == 1);
}

TEST_CASE("a message that was cancelled before the runs of the last stop are taken up stays cancelled") {
  auto model = says({kAnswer});
  World world(model);
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  REQUIRE(run);
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, run->run, CancelMode::now)));
  world.finished(run->run);
  world.resume();
  CHECK(model->calls() == 0);
  CHECK(world.count("run.finished") == 1);
  CHECK(world.last("run.finished")["status"] == "cancelled");
}

TEST_CASE("a queued message survives a stop, and draining refuses new ones") {
  auto model = says({ScriptedModel::Hang{}, kAnswer, kAnswer});
  World world(model);
  world.resume();
  std::string session = world.session();
  auto first = world.submit(session, "one");
  auto second = world.submit(session, "two");
  world.until([&] { return model->calls() == 1; });
  world.close();

  world.open();
  world.watch(session);
  world.resume();
  world.finished(second->run);

  CHECK(world.types(second->run).back() == "run.finished");
  CHECK(world.last("run.finished")["status"] == "done");
  fakes::run(world.loop, world.desk->drain(0ms));
  CHECK(world.submit(session, "three").error().code == ErrorCode::unavailable);
}

TEST_CASE("a message whose acceptance is being committed when the desk has drained is the next start's") {
  World world(says({kAnswer}));
  world.resume();
  const std::string session = world.session();
  Result<Accepted> sent;
  Nursery nursery(world.loop);
  nursery.spawn("message", [&]() -> Task<> {
    sent = co_await world.desk->submit({.principal = {"p", "default"}, .session = session, .text = "hi"});
  });
  nursery.spawn("stop", [&]() -> Task<> {
    Stop nobody;
    while (world.desk->status().running == 0) co_await world.loop.sleep_for(0ms, nobody);
    co_await world.desk->drain(0ms);
  });
  fakes::run(world.loop, nursery.join());
  REQUIRE(sent);
  auto cancelled = fakes::run(world.loop, world.desk->cancel({"p", "default"}, sent->run, CancelMode::now));
  CHECK((cancelled || cancelled.error().code == ErrorCode::unavailable));
  world.close();

  world.open();
  world.resume();
  world.until([&] { return world.desk->status().running + world.desk->status().queued == 0; });
  CHECK(fakes::run(world.loop, world.journal->find_run(sent->run)).value()->status == "done");
}
