#include "agents/runs/quarantine.h"
#include "tests/agents/teams/team_world.h"
#include "tests/agents/world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

constexpr const char* kLook = R"({"thought":"let me look","action":"look","action_input":{"x":1}})";

Result<Forked> fork(World& world, ForkOrder order) {
  order.principal = {"p", "default"};
  auto forked = fakes::run(world.loop, world.desk->fork(std::move(order)));
  if (forked && forked->session != "") {
    world.frames.clear();
    world.watch(forked->session);
    world.until([&] { return world.desk->status().running + world.desk->status().queued == 0; });
    auto events = fakes::run(world.loop, world.journal->read_run_events(forked->run));
    REQUIRE(events);
    world.frames = std::move(*events);
  }
  return forked;
}

std::string whole_run(World& world, const std::string& session, std::string text = "what is it?") {
  auto accepted = world.submit(session, std::move(text));
  REQUIRE(accepted);
  world.finished(accepted->run);
  return accepted->run;
}

store::RunRow row_of(World& world, const std::string& run) {
  auto row = fakes::run(world.loop, world.journal->find_run(run));
  REQUIRE(row);
  REQUIRE(*row);
  return **row;
}

}  // namespace

TEST_CASE(
    "a fork keeps the steps before the one named, does that anew, and leaves the run it comes from alone") {
  auto model = says({kLook, kLook, kAnswer});
  model->usage = {.input_tokens = 10, .output_tokens = 1};
  World world(model);
  world.resume();
  const std::string session = world.session();
  const std::string run = whole_run(world, session);
  const std::vector<std::string> before = world.types();
  REQUIRE(world.tool->keys.size() == 2);

  model->say(R"({"thought":"no","final_answer":"It is 43."})");
  auto forked = fork(world, {.run = run, .from = 2});
  REQUIRE_MESSAGE(forked, forked.error().message);
  CHECK(forked->kept == 1);
  CHECK(forked->session != session);
  CHECK(world.types() == std::vector<std::string>{"run.queued", "thought", "action", "usage", "observation",
                                                  "run.started", "thought", "answer", "usage",
                                                  "run.finished"});
  std::int64_t seq = 0;
  for (const Frame& frame : world.frames) {
    CHECK(frame.seq == ++seq);
    const Json event = *parse_json(*frame.text);
    CHECK(event["run"] == forked->run);
    CHECK(event["session"] == forked->session);
  }
  CHECK(world.last("run.started")["forked_from"] == Json{{"run", run}, {"kept", 1}});
  CHECK(world.last("answer")["text"] == "It is 43.");
  CHECK(world.last("run.finished")["steps"] == 2);
  CHECK(world.last("run.finished")["input_tokens"] == 20);
  CHECK(world.tool->keys.size() == 2);  // nothing was called again
  CHECK(model->heard().back().contains("forty-two"));

  CHECK(row_of(world, run).answer == "It is 42.");
  world.frames = *fakes::run(world.loop, world.journal->read_events(session, 0, 100));
  CHECK(world.types() == before);
  auto used = fakes::run(world.loop, world.journal->usage({.by = store::UsageBy::tenant}));
  REQUIRE(used);
  CHECK(used->front().used.input_tokens == 40);  // what was copied was not spent again
}

TEST_CASE("an edited observation is what the model reads of that call") {
  auto model = says({kLook, kAnswer, R"({"thought":"ah","final_answer":"It is seven."})"});
  World world(model);
  world.resume();
  const std::string run = whole_run(world, world.session());
  auto forked = fork(world, {.run = run, .from = 2, .outputs = {{"c_1", "seven"}}});
  REQUIRE_MESSAGE(forked, forked.error().message);
  CHECK(world.last("observation")["output"] == "seven");
  CHECK(world.last("observation")["edited"] == true);
  CHECK(model->heard().back().contains("seven"));
  CHECK_FALSE(model->heard().back().contains("forty-two"));
}

TEST_CASE(
    "a fork with another message has that in place of the first one, also in what is kept of its requests") {
  auto model = says({kLook, kAnswer, kAnswer});
  World world(model);
  world.resume();
  const std::string run = whole_run(world, world.session(), "what is it?");
  auto forked = fork(world, {.run = run, .from = 2, .input = "what was it?"});
  REQUIRE_MESSAGE(forked, forked.error().message);
  CHECK(row_of(world, forked->run).input == "what was it?");
  auto facts = fakes::run(world.loop, world.journal->read_facts(forked->run));
  REQUIRE(facts);
  CHECK(facts->front().body.contains("what was it?"));
  CHECK_FALSE(facts->front().body.contains("what is it?"));
}

TEST_CASE("the turns before a run come along, and are what its fork remembers") {
  auto model = says({R"({"thought":"ok","final_answer":"Hello Ada."})", kAnswer, kAnswer});
  World::More more;
  more.agent.memory = {.type = "buffer"};
  World world(model, {}, {}, more);
  world.resume();
  const std::string session = world.session();
  const std::string first = whole_run(world, session, "I am Ada");
  const std::string second = whole_run(world, session, "what is it?");
  auto forked = fork(world, {.run = second, .from = 1});
  REQUIRE_MESSAGE(forked, forked.error().message);
  auto rows = fakes::run(world.loop, world.journal->list_runs("default", forked->session, 10));
  REQUIRE(rows);
  REQUIRE(rows->size() == 2);
  CHECK(rows->back().input == "I am Ada");
  CHECK(rows->back().answer == "Hello Ada.");
  CHECK(rows->back().id != first);
  CHECK(rows->back().last_seq > rows->back().first_seq);
  auto facts = fakes::run(world.loop, world.journal->read_facts(forked->run));
  REQUIRE(facts);
  bool recalled = false;
  for (const store::Fact& fact : *facts) recalled = recalled || fact.body.contains(rows->back().id);
  CHECK(recalled);
}

TEST_CASE(
    "a run that failed is resumed in its session: what it did is kept, its limits are granted once more") {
  auto model = says({kLook, kLook, kLook});
  model->usage = {.input_tokens = 10, .output_tokens = 1};
  World world(model, {}, {.steps = 3, .repeats = 100});
  world.resume();
  const std::string session = world.session();
  const std::string run = whole_run(world, session);
  REQUIRE(row_of(world, run).reason == "max_steps");
  REQUIRE(world.tool->keys.size() == 2);

  for (const auto& line : {kLook, kLook, kAnswer.c_str()}) model->say(std::string(line));
  auto resumed = fork(world, {.run = run, .resumes = true});
  REQUIRE_MESSAGE(resumed, resumed.error().message);
  CHECK(resumed->session == session);
  CHECK(resumed->kept == 2);
  CHECK(world.last("run.finished")["status"] == "done");
  CHECK(world.last("run.finished")["steps"] == 5);
  CHECK(world.tool->keys.size() == 4);
  CHECK(row_of(world, run).status == "limit");  // one end each

  auto again = fork(world, {.run = resumed->run, .resumes = true});
  REQUIRE_FALSE(again);
  CHECK(again.error().message.contains("came to its answer"));
}

TEST_CASE("a call that left and was never heard of is told as unknown when its run is resumed") {
  World world(says({kLook, kAnswer}));
  world.tool = std::make_shared<fakes::TestTool>(
      "look", tools::Effect::at_most_once,
      [](const tools::ToolInput&) { return tools::ToolOutput{"forty-two", {}}; });
  world.close();
  world.open();
  world.resume();
  world.tool->hang = true;
  const std::string session = world.session();
  auto accepted = world.submit(session, "what is it?");
  REQUIRE(accepted);
  world.until([&] { return !world.tool->keys.empty(); });
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, accepted->run, CancelMode::now)));
  world.finished(accepted->run);
  auto resumed = fork(world, {.run = accepted->run, .resumes = true});
  REQUIRE_MESSAGE(resumed, resumed.error().message);
  CHECK(world.tool->keys.size() == 1);
  CHECK(world.last("run.finished")["status"] == "done");
}

TEST_CASE("a fork that a crash meets is taken up like any run, with what it was given") {
  auto model = says({kLook, kAnswer, ScriptedModel::Hang{}});
  World world(model);
  world.resume();
  const std::string run = whole_run(world, world.session());
  auto forked = fakes::run(
      world.loop,
      world.desk->fork({.principal = {"p", "default"}, .run = run, .from = 2, .input = "and now?"}));
  REQUIRE_MESSAGE(forked, forked.error().message);
  world.until([&] { return model->calls() == 3; });
  world.close();
  model->say(kAnswer);
  world.open();
  world.frames.clear();
  world.watch(forked->session);
  world.resume();
  world.finished(forked->run);
  const store::RunRow row = row_of(world, forked->run);
  CHECK(row.status == "done");
  CHECK(row.input == "and now?");
  CHECK(row.steps == 2);
}

TEST_CASE("what cannot be forked says why") {
  World world(says({kLook, kAnswer}));
  world.resume();
  const std::string run = whole_run(world, world.session());
  const auto refused = [&](ForkOrder order) {
    order.principal = {"p", "default"};
    auto forked = fakes::run(world.loop, world.desk->fork(std::move(order)));
    REQUIRE_FALSE(forked);
    return forked.error();
  };
  CHECK(refused({.run = "r_none"}).code == ErrorCode::not_found);
  CHECK(refused({.run = run, .from = 0}).message.contains("from step 1 to 3"));
  CHECK(refused({.run = run, .from = 4}).message.contains("from step 1 to 3"));
  CHECK(refused({.run = run, .from = 1, .outputs = {{"c_1", "x"}}}).message.contains("no call `c_1`"));
  CHECK(refused({.run = run, .from = 2, .outputs = {{"c_9", "x"}}}).message.contains("no call `c_9`"));
  CHECK(refused({.run = run, .resumes = true}).message.contains("nothing to resume"));
  CHECK(refused({.run = run, .from = 1, .model = "other"}).code == ErrorCode::invalid);
  CHECK(refused({.run = run, .from = 1, .model = "b=other"}).code == ErrorCode::not_found);
  ForkOrder foreign{.principal = {"p", "somebody"}, .run = run, .from = 1};
  auto other = fakes::run(world.loop, world.desk->fork(foreign));
  REQUIRE_FALSE(other);
  CHECK(other.error().code == ErrorCode::not_found);
  auto sessions = fakes::run(world.loop, world.journal->list_sessions("default", 10));
  REQUIRE(sessions);
  CHECK(sessions->size() == 1);  // nothing is left of what was refused
}

TEST_CASE("a team is forked from one of its tasks, and resumed with what its members have done") {
  int writes = 0;
  TeamWorld world(R"(
researcher: { role: researcher, description: finds things, model: m }
writer: { role: writer, description: writes things, model: m }
)",
                  R"(
report:
  pattern: sequential
  tasks:
    - { name: research, agent: researcher, description: "Find out" }
    - { name: write, agent: writer, description: "Write it up", context: [research] }
)",
                  [&](const std::string& role, const std::string&) -> ScriptedModel::Line {
                    if (role == "researcher")
                      return std::string(R"({"thought":"ok","final_answer":"bees dance"})");
                    if (++writes == 1) return Error{ErrorCode::model, "HTTP 400: no"};
                    return std::string(R"({"thought":"ok","final_answer":"Bees dance, it says."})");
                  });
  world.resume();
  const Json end = world.ask("report", "Please report");
  REQUIRE(end.at("status") == "failed");
  const std::string run = end.at("run");
  const std::string session = end.at("session");

  auto resumed =
      fakes::run(world.loop, world.desk->fork({.principal = {"p", "acme"}, .run = run, .resumes = true}));
  REQUIRE_MESSAGE(resumed, resumed.error().message);
  CHECK(resumed->kept == 1);
  CHECK(resumed->session == session);
  CHECK(world.finished(resumed->run).at("status") == "done");
  CHECK(world.find(resumed->run, "answer").at("text") == "Bees dance, it says.");
  CHECK(std::ranges::count(world.asked, "researcher") == 1);
  CHECK(writes == 2);

  world.frames.clear();
  auto forked =
      fakes::run(world.loop, world.desk->fork({.principal = {"p", "acme"}, .run = resumed->run, .from = 2}));
  REQUIRE_MESSAGE(forked, forked.error().message);
  CHECK(forked->session != session);
  world.watch(forked->session);
  world.until([&] { return world.desk->status().running + world.desk->status().queued == 0; });
  auto rows = fakes::run(world.loop, world.journal->list_runs("acme", forked->session, 10));
  REQUIRE(rows);
  CHECK(std::ranges::count(world.asked, "researcher") == 1);
  CHECK(writes == 3);
  for (const store::RunRow& row : *rows) {
    CAPTURE(row.id);
    CHECK(row.finished());
    CHECK(row.session == forked->session);
  }
  auto refused = fakes::run(
      world.loop, world.desk->fork({.principal = {"p", "acme"}, .run = rows->front().id, .from = 9}));
  REQUIRE_FALSE(refused);
}

TEST_CASE("a call that may have left goes out under its key again when its run is resumed") {
  World world(says({kAnswer}));
  world.tool = std::make_shared<fakes::TestTool>(
      "look", tools::Effect::idempotent,
      [](const tools::ToolInput&) { return tools::ToolOutput{"forty-two", {}}; });
  world.close();
  world.open();
  world.resume();
  const std::string session = world.session();
  // Parallel calls, of which one brought something: the step is kept.
  auto both =
      says({R"({"thought":"both","actions":[{"tool":"look","input":{"x":1}},{"tool":"nothing","input":{}}]})",
            kAnswer});
  world.desk->replace_catalog(world.catalog("a", "hash", both));
  world.tool->hang = true;
  auto accepted = world.submit(session, "what is it?");
  REQUIRE(accepted);
  world.until([&] { return !world.tool->keys.empty() && world.seen("observation"); });
  world.close();
  world.open();
  REQUIRE(fakes::run(
      world.loop, quarantine(*world.journal, world.clock, row_of(world, accepted->run), {}, "it crashes")));
  world.resume();
  world.tool->hang = false;
  auto resumed = fork(world, {.run = accepted->run, .resumes = true});
  REQUIRE_MESSAGE(resumed, resumed.error().message);
  CHECK(resumed->kept == 1);
  REQUIRE(world.tool->keys.size() == 2);
  CHECK(world.tool->keys[0] == world.tool->keys[1]);
  CHECK(world.last("run.finished")["status"] == "done");
  auto facts = fakes::run(world.loop, world.journal->read_facts(resumed->run));
  REQUIRE(facts);
  for (const store::Fact& fact : *facts) CHECK(fact.kind != "run.taken_up");
}

TEST_CASE("a run is resumed once; what came of that can be resumed in turn") {
  World world(says({kLook}));  // the script ends: the model fails
  world.resume();
  const std::string run = whole_run(world, world.session());
  auto first = fork(world, {.run = run, .resumes = true});
  REQUIRE_MESSAGE(first, first.error().message);
  CHECK(world.last("run.finished")["status"] == "failed");
  auto again = fork(world, {.run = run, .resumes = true});
  REQUIRE_FALSE(again);
  CHECK(again.error().code == ErrorCode::conflict);
  CHECK(again.error().message.contains(first->run));
  auto second = fork(world, {.run = first->run, .resumes = true});
  CHECK_MESSAGE(second, second.error().message);
}

TEST_CASE("a run that ended because a call was denied asks about it again when it is resumed") {
  World::More more;
  more.agent.approve = {"look"};
  more.agent.on_deny = OnDeny::stop;
  World world(says({kLook, kAnswer}), {}, {}, more);
  world.resume();
  const Principal me{"p", "default"};
  const std::string session = world.session();
  auto accepted = world.submit(session, "what is it?");
  REQUIRE(accepted);
  world.until([&] { return !world.desk->pending(me, session).empty(); });
  REQUIRE(fakes::run(world.loop, world.desk->decide({.principal = me, .session = session, .call = "c_1"})));
  world.finished(accepted->run);
  REQUIRE(row_of(world, accepted->run).status == "denied");
  auto resumed =
      fakes::run(world.loop, world.desk->fork({.principal = me, .run = accepted->run, .resumes = true}));
  REQUIRE_MESSAGE(resumed, resumed.error().message);
  world.until([&] { return !world.desk->pending(me, session).empty(); });
  REQUIRE(fakes::run(
      world.loop, world.desk->decide({.principal = me, .session = session, .call = "c_1", .approve = true})));
  world.finished(resumed->run);
  CHECK(row_of(world, resumed->run).status == "done");
  CHECK(world.tool->keys.size() == 1);
}

TEST_CASE("of a run at work only what is through is kept") {
  World world(says({kLook, kAnswer, kAnswer}));
  world.resume();
  world.tool->hang = true;
  const std::string session = world.session();
  auto accepted = world.submit(session, "what is it?");
  REQUIRE(accepted);
  world.until([&] { return !world.tool->keys.empty(); });
  const Principal me{"p", "default"};
  auto beyond = fakes::run(world.loop, world.desk->fork({.principal = me, .run = accepted->run, .from = 2}));
  REQUIRE_FALSE(beyond);
  CHECK(beyond.error().message.contains("from step 1"));
  auto forked = fakes::run(world.loop, world.desk->fork({.principal = me, .run = accepted->run}));
  REQUIRE_MESSAGE(forked, forked.error().message);
  CHECK(forked->kept == 0);
  world.frames.clear();
  world.watch(forked->session);
  world.finished(forked->run);
  CHECK(row_of(world, forked->run).status == "done");
  CHECK_FALSE(row_of(world, accepted->run).finished());
}

TEST_CASE("a fork from behind the last step answers as the run did, once") {
  World world(says({kLook, kAnswer}));
  world.resume();
  const std::string run = whole_run(world, world.session());
  auto forked = fork(world, {.run = run, .from = 3});
  REQUIRE_MESSAGE(forked, forked.error().message);
  CHECK(world.count("answer") == 1);
  CHECK(world.last("run.finished")["status"] == "done");
}

TEST_CASE("a manager's own run is not kept where a task that it gave is done anew") {
  int given = 0;
  TeamWorld world(
      R"(
boss: { role: boss, model: m }
clerk: { role: clerk, description: does things, model: m }
)",
      "desk: { pattern: supervisor, manager: boss, members: [clerk] }",
      [&](const std::string& role, const std::string& heard) -> ScriptedModel::Line {
        if (role == "clerk") return std::string(R"({"thought":"ok","final_answer":"done it"})");
        if (heard.contains("done it")) return std::string(R"({"thought":"ok","final_answer":"All done."})");
        ++given;
        return std::string(
            R"({"thought":"go","action":"delegate","action_input":{"to":"clerk","task":"Do it"}})");
      });
  world.resume();
  const Json end = world.ask("desk", "See to it");
  REQUIRE(end.at("status") == "done");
  auto forked = fakes::run(
      world.loop,
      world.desk->fork({.principal = {"p", "acme"}, .run = std::string(end.at("run")), .from = 2}));
  REQUIRE_MESSAGE(forked, forked.error().message);
  CHECK(forked->kept == 0);
  world.watch(forked->session);
  world.until([&] { return world.desk->status().running + world.desk->status().queued == 0; });
  CHECK(given == 2);
}

TEST_CASE("another message is judged anew, whatever was said of the first one") {
  auto judge =
      says({R"({"pass": true, "reason": "fine"})", R"({"pass": false, "reason": "it gives advice"})"});
  World::More more;
  more.agent.guardrails.input = {{.model = "j", .prompt = "No medical advice.", .mode = RuleMode::blocking}};
  more.judges = {{"j", judge}};
  World world(says({kLook, kAnswer, kAnswer}), {}, {}, more);
  world.resume();
  const std::string run = whole_run(world, world.session());
  REQUIRE(judge->calls() == 1);
  auto forked = fork(world, {.run = run, .from = 2, .input = "how much of it should I take?"});
  REQUIRE_MESSAGE(forked, forked.error().message);
  CHECK(judge->calls() == 2);
  CHECK(world.last("run.finished")["reason"] == "guardrail");
}
