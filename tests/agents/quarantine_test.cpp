#include "agents/limits.h"
#include "agents/runs/facts.h"
#include "agents/runs/probation.h"
#include "agents/runs/resume_count.h"
#include "runtime/store/sqlite.h"
#include "tests/agents/world.h"

#include <algorithm>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

/// The daemon ends, and nobody asked it to.
void crash(World& world) {
  const std::string file = world.path() + "/journal.db";
  world.close();
  auto database = store::Database::open(file, store::Database::Mode::write);
  REQUIRE(database);
  REQUIRE(database->execute("UPDATE meta SET value = 0 WHERE key = 'clean'"));
}

void start(World& world, const std::string& session) {
  world.open();
  world.watch(session);
  world.resume();
}

store::RunRow row(World& world, const std::string& run) {
  auto found = fakes::run(world.loop, world.journal->find_run(run));
  REQUIRE(found);
  REQUIRE(*found);
  return **found;
}

std::vector<store::Fact> facts(World& world, const std::string& run) {
  auto found = fakes::run(world.loop, world.journal->read_facts(run));
  REQUIRE(found);
  return *found;
}

int times(World& world, const std::string& run) {
  auto count = resume_count(facts(world, run));
  REQUIRE(count);
  return count->times;
}

/// Asks the journal again and again, which World::until cannot: it would run the loop within itself.
template <class Condition>
void until_journal(World& world, Condition done) {
  Stop never;
  for (int i = 0; i < 20'000 && !done(); ++i) fakes::run(world.loop, world.loop.sleep_for(1ms, never));
  REQUIRE(done());
}

/// A model that answers whoever does not ask for trouble, which it never does.
std::shared_ptr<ScriptedModel> careful() {
  return std::make_shared<ScriptedModel>([](const models::ModelRequest& request) -> ScriptedModel::Line {
    if (request.transcript->messages().back().content.contains("trouble")) return ScriptedModel::Hang{};
    return kAnswer;
  });
}

}  // namespace

TEST_CASE("a run that was there at every end of the daemon is set aside by the third start, others go on") {
  static_assert(1 + limits::kResumes == 3, "the daemon ends three times, and is up for good after that");
  auto model = careful();
  World world(model);
  world.resume();
  const std::string troubled = world.session();
  auto bad = world.submit(troubled, "trouble");
  REQUIRE(bad);
  auto next = world.submit(troubled, "waits behind it");
  REQUIRE(next);
  world.until([&] { return model->calls() == 1; });
  for (int resumes = 1; resumes <= limits::kResumes; ++resumes) {
    crash(world);
    start(world, troubled);
    world.until([&] { return model->calls() == 1 + resumes; });  // and then it would end the daemon
    CHECK(times(world, bad->run) == resumes);
    CHECK(row(world, bad->run).status == "running");
  }
  crash(world);
  start(world, troubled);
  world.finished(next->run);

  CHECK(model->calls() == 1 + limits::kResumes + 1);
  const store::RunRow ended = row(world, bad->run);
  CHECK(ended.status == "failed");
  CHECK(ended.reason == "quarantined");
  CHECK(row(world, next->run).status == "done");
  auto events = fakes::run(world.loop, world.journal->read_events(troubled, 0, 100));
  REQUIRE(events);
  const auto end = std::ranges::find_if(
      *events, [&](const Frame& frame) { return frame.run == bad->run && frame.type == "run.finished"; });
  REQUIRE(end != events->end());
  const std::string why = string_or(*parse_json(*end->text), "error");
  CHECK(why.contains("2 times"));
  CHECK(why.contains("`model.intent` of step 1"));
  for (std::size_t i = 0; i < events->size(); ++i)
    CHECK((*events)[i].seq == static_cast<std::int64_t>(i) + 1);
}

TEST_CASE("two runs of one session that stand as at work in the journal are taken up in their order") {
  bool calm = false;
  auto model = std::make_shared<ScriptedModel>([&](const models::ModelRequest&) -> ScriptedModel::Line {
    if (!calm) return ScriptedModel::Hang{};
    return kAnswer;
  });
  World world(model);
  world.resume();
  const std::string session = world.session();
  std::vector<std::string> runs;
  for (const char* text : {"one", "two"}) runs.push_back(world.submit(session, text)->run);
  world.until([&] { return model->calls() == 1; });
  // As when the second is cancelled, and the process ends after it began for that and before its end.
  store::Append append;
  append.run = row(world, runs[1]);
  append.run->status = "running";
  append.events.push_back(run_event(*append.run, "run.started"));
  REQUIRE(fakes::run(world.loop, world.journal->commit(std::move(append))));
  for (int resumes = 1; resumes <= limits::kResumesBeside; ++resumes) {
    crash(world);
    start(world, session);
    world.until([&] { return model->calls() == 1 + resumes; });
  }
  crash(world);
  calm = true;
  start(world, session);
  world.finished(runs[1]);
  for (const std::string& run : runs) CHECK(row(world, run).status == "done");
  std::vector<std::string> ended;
  for (const Frame& frame : world.frames)
    if (frame.type == "run.finished") ended.emplace_back(frame.run);
  CHECK(ended == runs);
}

TEST_CASE("those that were at work beside it are not taken for it: each is tried alone") {
  int bad_calls = 0;
  bool calm = false;
  auto model =
      std::make_shared<ScriptedModel>([&](const models::ModelRequest& request) -> ScriptedModel::Line {
        const bool bad = request.transcript->messages().back().content == "bad";
        bad_calls += bad;
        if (bad || !calm) return ScriptedModel::Hang{};
        return kAnswer;
      });
  World world(model);
  world.resume();
  const std::string troubled = world.session();
  auto bad = world.submit(troubled, "bad");
  REQUIRE(bad);
  std::vector<std::string> innocent;
  for (int i = 0; i < 3; ++i) {
    auto run = world.submit(world.session(), "good");
    REQUIRE(run);
    innocent.push_back(run->run);
  }
  world.until([&] { return model->calls() == 4; });
  crash(world);
  start(world, troubled);
  world.until([&] { return model->calls() == 8; });  // all at once, until here
  crash(world);
  // From here on the innocent would be answered; the bad one ends the daemon as soon as it is at work.
  calm = true;
  int starts = 0;
  for (bool bad_at_work = true; bad_at_work; ++starts) {
    const int before = bad_calls;
    start(world, troubled);
    until_journal(world, [&] { return bad_calls > before || row(world, bad->run).finished(); });
    bad_at_work = !row(world, bad->run).finished();
    if (bad_at_work) crash(world);
  }
  CHECK(starts == limits::kResumes);
  CHECK(row(world, bad->run).reason == "quarantined");
  for (const std::string& run : innocent) {
    until_journal(world, [&] { return row(world, run).finished(); });
    CHECK(row(world, run).status == "done");
  }
}

TEST_CASE("who was alone for its time is not taken for the run that came after it, however slow it is") {
  bool calm = false;
  int bad_calls = 0;
  auto model =
      std::make_shared<ScriptedModel>([&](const models::ModelRequest& request) -> ScriptedModel::Line {
        const bool bad = request.transcript->messages().back().content == "bad";
        bad_calls += bad;
        if (bad || !calm) return ScriptedModel::Hang{};
        return kAnswer;
      });
  World world(model);
  world.resume();
  const std::string quiet = world.session();
  auto slow = world.submit(quiet, "slow");  // is taken up first
  REQUIRE(slow);
  const std::string troubled = world.session();
  auto bad = world.submit(troubled, "bad");
  REQUIRE(bad);
  world.until([&] { return model->calls() == 2; });
  for (int ends = 1; ends <= limits::kResumes; ++ends) {
    const int before = bad_calls;
    crash(world);
    start(world, troubled);
    until_journal(world, [&] { return bad_calls > before; });  // and then it ends the daemon
  }
  CHECK(times(world, slow->run) == limits::kResumes);
  CHECK(resume_count(facts(world, slow->run))->stood);
  crash(world);
  start(world, troubled);
  until_journal(world, [&] { return row(world, bad->run).finished(); });
  CHECK(row(world, bad->run).reason == "quarantined");
  CHECK(bad_calls == 1 + limits::kResumes);
  CHECK_FALSE(row(world, slow->run).finished());
  calm = true;
  world.close();
  start(world, quiet);
  until_journal(world, [&] { return row(world, slow->run).finished(); });
  CHECK(row(world, slow->run).status == "done");
}

TEST_CASE("who is on probation again is alone for longer, up to a bound") {
  const int first = limits::kResumesBeside + 1;
  CHECK(Probation::time_for(first) == limits::kProbation);
  CHECK(Probation::time_for(first + 1) == 2 * limits::kProbation);
  CHECK(Probation::time_for(1'000) == (1 << limits::kProbationDoublings) * limits::kProbation);
  CHECK(Probation::time_for(0) == limits::kProbation);
}

TEST_CASE("that a run stood is said of the time that it was taken up last") {
  const auto taken_up = [](int count) { return to_fact({.epoch = count, .times = count}, "r_1"); };
  const store::Fact stood{.run = "r_1", .kind = kStoodFact, .body = "{}"};
  CHECK_FALSE(resume_count({taken_up(1)})->stood);
  CHECK(resume_count({taken_up(1), taken_up(2), stood})->stood);
  CHECK_FALSE(resume_count({taken_up(1), stood, taken_up(2)})->stood);
}

TEST_CASE("one that is to be judged and was cancelled meanwhile ends as cancelled") {
  auto model = careful();
  World world(model);
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "trouble");
  world.until([&] { return model->calls() == 1; });
  for (int resumes = 1; resumes <= limits::kResumes; ++resumes) {
    crash(world);
    start(world, session);
    world.until([&] { return model->calls() == 1 + resumes; });
  }
  crash(world);
  world.open();
  world.watch(session);
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, run->run, CancelMode::now)));
  world.resume();
  world.finished(run->run);
  CHECK(row(world, run->run).status == "cancelled");
  CHECK(model->calls() == 1 + limits::kResumes);
}

TEST_CASE("where the daemon ends whoever is at work nobody is to blame, and nobody is set aside") {
  bool calm = false;
  int calls = 0;
  auto model = std::make_shared<ScriptedModel>([&](const models::ModelRequest&) -> ScriptedModel::Line {
    ++calls;
    if (!calm) return ScriptedModel::Hang{};
    return kAnswer;
  });
  World world(model);
  world.resume();
  std::vector<std::string> runs;
  for (int i = 0; i < 3; ++i) runs.push_back(world.submit(world.session(), "q")->run);
  const std::string session = world.session();
  world.until([&] { return calls == 3; });
  for (int life = 0; life < 3 * limits::kResumes; ++life) {
    const int before = calls;
    crash(world);
    start(world, session);
    world.until([&] { return calls > before; });
  }
  calm = true;
  crash(world);
  start(world, session);
  for (const std::string& run : runs) {
    until_journal(world, [&] { return row(world, run).finished(); });
    CHECK(row(world, run).status == "done");
  }
}

TEST_CASE("what came further begins again at none") {
  auto model = says({ScriptedModel::Hang{}});
  World world(model);
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return model->calls() == 1; });
  for (int round = 1; round <= 4 * limits::kResumes; ++round) {
    const bool further = round % limits::kResumes == 0;
    if (further)
      model->say(R"({"thought":"on","action":"look","action_input":{"x":)" + std::to_string(round) + "}}");
    model->say(ScriptedModel::Hang{});
    const int calls = model->calls() + (further ? 2 : 1);
    const std::size_t looked = world.tool->keys.size() + (further ? 1 : 0);
    crash(world);
    start(world, session);
    world.until([&] { return model->calls() == calls && world.tool->keys.size() == looked; });
  }
  model->say(kAnswer);
  crash(world);
  start(world, session);
  world.finished(run->run);
  CHECK(row(world, run->run).status == "done");
}

TEST_CASE("restarts that were asked for say nothing against a run") {
  auto model = says({ScriptedModel::Hang{}});
  World world(model);
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return model->calls() == 1; });
  for (int i = 0; i < 2 * limits::kResumes; ++i) {
    model->say(ScriptedModel::Hang{});
    world.close();
    start(world, session);
    world.until([&] { return model->calls() == i + 2; });
    CHECK(times(world, run->run) == 0);
  }
  const auto known = facts(world, run->run);
  std::int64_t epoch = 0;
  int taken_up = 0;
  for (const store::Fact& fact : known) {
    if (fact.kind != kTakenUpFact) continue;
    const auto count = resume_count({fact});
    REQUIRE(count);
    CHECK(count->epoch > epoch);
    epoch = count->epoch;
    ++taken_up;
  }
  CHECK(taken_up == 2 * limits::kResumes);
  CHECK(epoch == world.journal->epoch());
}

TEST_CASE("a run that waits for a person is never set aside, however often the daemon ends") {
  World::More more;
  more.agent.approve = {"look"};
  World world(says({kCall, kAnswer}), {}, {}, more);
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  const Principal me{"p", "default"};
  world.until([&] { return world.desk->pending(me, session).size() == 1; });
  for (int i = 0; i < 3 * limits::kResumes; ++i) {
    crash(world);
    start(world, session);
    world.until([&] { return world.desk->pending(me, session).size() == 1; });
    until_journal(world, [&] { return times(world, run->run) == 0; });
  }
  Decision decision{
      .principal = me, .session = session, .call = world.desk->pending(me, session)[0].call, .approve = true};
  REQUIRE(fakes::run(world.loop, world.desk->decide(decision)));
  world.finished(run->run);
  CHECK(row(world, run->run).status == "done");
}

TEST_CASE("a run that waited for a person has nothing against it as soon as the daemon admits others") {
  World::More more;
  more.agent.approve = {"look"};
  World world(says({kCall, kAnswer}), {}, {}, more);
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  const Principal me{"p", "default"};
  world.until([&] { return world.desk->pending(me, session).size() == 1; });
  until_journal(world, [&] { return only_waited(facts(world, run->run)); });
  for (int i = 0; i < 3 * limits::kResumes; ++i) {
    crash(world);
    start(world, session);
    const auto known = facts(world, run->run);
    CHECK(resume_count(known)->times == 0);
    CHECK(std::ranges::count(known, kTakenUpFact, &store::Fact::kind) == i + 1);
  }
  CHECK(row(world, run->run).status == "waiting");
}

TEST_CASE("a call that ends the daemon while another of its step waits for a person has its run set aside") {
  World::More more;
  more.agent.approve = {"send"};
  more.tools = {std::make_shared<fakes::TestTool>(
      "send", tools::Effect::pure, [](const tools::ToolInput&) { return tools::ToolOutput{"sent", {}}; })};
  World world(says({R"({"actions":[{"tool":"send","input":{"x":1}},{"tool":"look","input":{"x":2}}]})"}), {},
              {}, more);
  world.tool->hang = true;
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  for (std::size_t life = 1; life <= 1 + limits::kResumes; ++life) {
    world.until([&] { return world.tool->keys.size() == life; });  // and then it would end the daemon
    CHECK_FALSE(only_waited(facts(world, run->run)));
    crash(world);
    start(world, session);
  }
  world.finished(run->run);
  CHECK(row(world, run->run).reason == "quarantined");
  CHECK(world.tool->keys.size() == 1 + limits::kResumes);
}

TEST_CASE("a run only waited when nothing but starts comes after that it waits") {
  const store::Fact taken_up = to_fact({.epoch = 1, .times = 1}, "r_1");
  const store::Fact stood{.run = "r_1", .kind = kStoodFact, .body = "{}"};
  const store::Fact decided{.run = "r_1", .kind = "approval.decided", .body = "{}"};
  const store::Fact waits = waits_fact("r_1");
  CHECK_FALSE(only_waited({}));
  CHECK_FALSE(only_waited({taken_up}));
  CHECK_FALSE(only_waited({waits, decided}));
  CHECK_FALSE(only_waited({waits, decided, taken_up}));
  CHECK(only_waited({waits}));
  CHECK(only_waited({decided, waits, taken_up, stood, taken_up}));
}

TEST_CASE("a message that only waited for its turn is not counted") {
  auto model = says({ScriptedModel::Hang{}});
  World world(model);
  world.resume();
  const std::string session = world.session();
  auto first = world.submit(session, "one");
  auto second = world.submit(session, "two");
  world.until([&] { return model->calls() == 1; });
  model->say(ScriptedModel::Hang{});
  crash(world);
  start(world, session);
  world.until([&] { return model->calls() == 2; });
  CHECK(times(world, first->run) == 1);
  CHECK(facts(world, second->run).empty());
}

TEST_CASE("a run whose journal is broken is set aside with the place, and others go on") {
  auto model = says({ScriptedModel::Hang{}, ScriptedModel::Hang{}});
  World world(model);
  world.forged = true;
  world.resume();
  const std::string broken = world.session();
  auto bad = world.submit(broken, "one");
  const std::string session = world.session();
  auto good = world.submit(session, "two");
  world.until([&] { return model->calls() == 2; });
  const std::string file = world.path() + "/journal.db";
  world.close();
  {
    auto database = store::Database::open(file, store::Database::Mode::write);
    REQUIRE(database);
    REQUIRE(
        database->execute(std::string("UPDATE log SET body = '{}' WHERE type = 'model.intent' AND stream = "
                                      "(SELECT n * 2 + 1 FROM runs WHERE id = '")
                              .append(bad->run)
                              .append("')")
                              .c_str()));
  }
  model->say(kAnswer);
  start(world, session);
  world.finished(good->run);
  CHECK(row(world, good->run).status == "done");
  CHECK(row(world, bad->run).reason == "quarantined");
  CHECK(world.count("run.finished") == 1);
}

TEST_CASE("a run on probation that is cancelled ends once, as cancelled") {
  auto model = careful();
  World world(model);
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "trouble");
  world.until([&] { return model->calls() == 1; });
  crash(world);
  start(world, session);
  world.until([&] { return model->calls() == 2; });
  crash(world);
  start(world, session);  // waits to be taken up
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, run->run, CancelMode::now)));
  world.finished(run->run);
  CHECK(row(world, run->run).status == "cancelled");
  CHECK(world.count("run.finished") == 1);
}
