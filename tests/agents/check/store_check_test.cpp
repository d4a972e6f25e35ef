// What `store check` says to a store that is whole, and to one that contradicts itself in one place.
#include "tests/agents/check/kept_store.h"
#include "tests/agents/world.h"

#include <algorithm>
#include <fstream>
#include <set>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

/// Words that are looked up in the fixture: runs of an agent (`a`), a chain, a team and its members.
constexpr const char* kAgentRun = "(SELECT min(n) FROM runs WHERE agent = 'a')";
constexpr const char* kResumedRun = "(SELECT max(n) FROM runs WHERE agent = 'a')";

std::string with(std::string text) {
  const auto put = [&text](const std::string& name, const std::string& value) {
    for (auto at = text.find(name); at != text.npos; at = text.find(name, at + value.size()))
      text.replace(at, name.size(), value);
  };
  put("$AGENT", kAgentRun);
  put("$RESUMED", kResumedRun);
  put("$CHAIN", "(SELECT n FROM runs WHERE agent = 'german')");
  put("$TEAM", "(SELECT n FROM runs WHERE agent = 'desk')");
  put("$WAITING", "(SELECT n FROM runs WHERE agent = 'clerk')");
  return text;
}

std::set<std::string_view> invariants_of(const std::vector<Finding>& found) {
  std::set<std::string_view> names;
  for (const Finding& one : found) names.insert(one.invariant);
  return names;
}

std::string all_of(const std::vector<Finding>& found) {
  std::string text;
  for (const Finding& one : found)
    text += fmt::format("{}: run {}, seq {}: {}\n", one.invariant, one.run, one.seq, one.what);
  return text;
}

std::string id_of(const KeptStore& store, const char* run) {
  auto file = store::Database::open(store.file(), store::Database::Mode::read);
  return file->text(fmt::format("SELECT id FROM runs WHERE n = {}", run).c_str())->value_or("");
}

}  // namespace

TEST_CASE("a store of every kind of run is whole, also after each of its beginnings") {
  KeptStore store("schema3.sql");
  CheckReport report;
  CHECK(all_of(found_in(store.directory(), {.every_beginning = true}, &report)) == "");
  CHECK(all_of(found_in(store.directory(), {.beside = true})) == "");
  CHECK(report.records == 64);
  CHECK(report.runs == 7);
  CHECK(report.sessions == 5);
  CHECK(report.blobs == 1);
  CHECK(report.unfinished == std::map<NextAction, std::int64_t>{{NextAction::wait_for_person, 1}});
  CHECK_FALSE(report.damaged);
}

TEST_CASE("each thing that is wrong is found, under its name and no other") {
  struct Break {
    const char* invariant;
    const char* sql;
    const char* says;
  };
  // Numbers and checksums fit again after each of them, so that nothing but the thing itself is wrong.
  const Break breaks[] = {
      {"I1", "UPDATE runs SET first_seq = 0 WHERE n = $CHAIN", "begins at"},
      {"I1", "DELETE FROM log WHERE run = $WAITING AND stream % 2 = 0", "no event"},
      {"I1",
       "UPDATE runs SET session = NULL WHERE n = $WAITING; UPDATE sessions SET runs = 0 WHERE target = "
       "'clerk'",
       "no row"},
      {"I3",
       "INSERT INTO log(stream, n, run, step, type, chain, body) SELECT stream, 6000, run, step, "
       "'tool.dispatched', 0, '{\"call\":\"c_1\",\"key\":\"k\"}' FROM log WHERE type = 'model.reply' AND run "
       "= "
       "$WAITING",
       "without having been decided"},
      {"I3",
       "INSERT INTO log(stream, n, run, step, type, chain, body) SELECT stream, 7000, run, step, "
       "'tool.dispatched', 0, "
       "replace(body, '\"key\":\"', '\"key\":\"0') FROM log WHERE type = 'tool.intent' AND run = $RESUMED",
       "and decided under"},
      {"I4", "UPDATE log SET step = 7 WHERE type = 'tool.intent' AND run = $AGENT", "without a reply"},
      {"I5", "UPDATE runs SET finished_ms = 0, last_seq = 0, status = 'running' WHERE n = $AGENT",
       "its row says that it has not"},
      {"I6", "UPDATE usage SET input_tokens = input_tokens + 1 WHERE agent = 'german'", "accounts for"},
      {"I6", "UPDATE usage SET output_tokens = output_tokens - 1 WHERE agent = 'german'", "the ledger has"},
      {"I6", "UPDATE usage SET cost = cost * 2 WHERE agent = 'a'", "accounts for"},
      {"I6", "DELETE FROM usage WHERE agent = 'desk/writer'", "the ledger has"},
      {"I7", "UPDATE runs SET status = 'failed' WHERE n = $AGENT", "the status"},
      {"I7", "UPDATE runs SET reason = 'max_steps' WHERE n = $AGENT", "the reason"},
      {"I7", "UPDATE runs SET steps = 9 WHERE n = $AGENT", "the steps"},
      {"I7", "UPDATE runs SET answer = 'It is 43.' WHERE n = $AGENT", "the answer"},
      {"I7", "UPDATE runs SET cost = 0 WHERE n = $TEAM", "the cost"},
      {"I7", "UPDATE runs SET input = 'x' WHERE n = $TEAM", "the input"},
      {"I7", "UPDATE runs SET message_id = 'x' WHERE n = $AGENT", "the message id"},
      {"I7", "UPDATE runs SET status = 'queued' WHERE n = $WAITING", "the status"},
      {"I7", "UPDATE sessions SET runs = 2 WHERE target = 'german'", "its row counts 2 runs"},
      {"I8",
       "UPDATE log SET body = replace(body, '\"attempt\":1', '\"attempt\":3') WHERE type = 'model.intent' "
       "AND run = $AGENT AND step = 1",
       "it is attempt 3"},
      {"I8", "UPDATE log SET type = 'note' WHERE type = 'chain.intent' AND run = $CHAIN",
       "no model had been asked"},
      {"I8",
       "UPDATE log SET body = replace(body, '\"call\":\"c_1\"', '\"call\":\"c_9\"') WHERE type = "
       "'observation' AND run = $AGENT",
       "nobody had asked for the call c_9"},
      {"blobs", "UPDATE blobs SET body = body || ' '", "does not match its checksum"},
      {"dead letters", "UPDATE dead_letters SET reason = 'bored'", "no such reason"},
      {"dead letters", "UPDATE dead_letters SET body = '{'", "dead letter"},
  };
  for (const Break& one : breaks) {
    CAPTURE(std::string(one.sql));
    KeptStore store("schema3.sql");
    store.forge(with(one.sql));
    const auto found = found_in(store.directory());
    CHECK_MESSAGE(std::ranges::any_of(found,
                                      [&](const Finding& it) {
                                        return it.invariant == one.invariant && it.what.contains(one.says);
                                      }),
                  all_of(found));
    // A run that cannot be found is missed in other places, too, and a call has its place in a run.
    if (std::string_view(one.invariant) != "I1" && std::string_view(one.invariant) != "I3")
      CHECK_MESSAGE(invariants_of(found) == std::set<std::string_view>{one.invariant}, all_of(found));
  }
}

TEST_CASE("what was changed, lost, doubled or cut off in the log breaks the chain, and names the place") {
  KeptStore store("schema3.sql");
  const std::string run = id_of(store, kAgentRun);
  SUBCASE("a text") {
    store.change(
        with("UPDATE log SET body = replace(body, '6*7', '6*8') WHERE type = 'run.started' AND run = $AGENT;"
             "UPDATE runs SET input = replace(input, '6*7', '6*8') WHERE n = $AGENT"));
    const auto found = found_in(store.directory());
    REQUIRE_MESSAGE(found.size() == 1, all_of(found));
    CHECK(found.front().invariant == "I2");
    CHECK(found.front().run == run);
    CHECK(found.front().seq == 1);
  }
  SUBCASE("a fact that is gone") {
    store.change(with("DELETE FROM log WHERE type = 'model.reply' AND step = 1 AND run = $AGENT"));
    CHECK(all_of(found_in(store.directory())).contains("I2: run " + run));
  }
  SUBCASE("an event that is gone") {
    store.change(with("DELETE FROM log WHERE type = 'thought' AND run = $AGENT"));
    CHECK(all_of(found_in(store.directory())).contains("follows on"));
  }
  SUBCASE("what a client would get is not what is meant") {
    store.change(
        with("UPDATE log SET body = replace(body, '\"seq\":2', '\"seq\":3') WHERE n = 2 AND stream % 2 = 0 "
             "AND run = $AGENT"));
    CHECK(all_of(found_in(store.directory())).contains("says of itself that it is 3"));
  }
  SUBCASE("rows of a session that is gone") {
    store.change(
        "PRAGMA foreign_keys=OFF; DELETE FROM runs WHERE agent = 'german'; DELETE FROM sessions WHERE "
        "target = 'german'");
    const std::string all = all_of(found_in(store.directory()));
    CHECK(all.contains("which no row names"));
  }
}

TEST_CASE("two ends of a run, and what is told after its end, are found") {
  KeptStore store("schema3.sql");
  store.forge(with(
      "INSERT INTO log(stream, n, run, step, type, chain, body) SELECT stream, 5000, run, step, type, 0, "
      "body FROM log WHERE type = 'run.finished' AND run = $AGENT"));
  auto found = found_in(store.directory());
  REQUIRE_MESSAGE(found.size() == 1, all_of(found));
  CHECK(found.front().invariant == "I5");

  store.forge(with("UPDATE runs SET last_seq = last_seq + 1 WHERE n = $AGENT"));
  found = found_in(store.directory());
  CHECK(all_of(found).contains("it ends again"));
}

TEST_CASE("a limit that the snapshot of the configuration has is held against what was used") {
  KeptStore store("schema3.sql");
  // As a version would have left it that let the second request through although the first had used it up.
  store.forge(with("UPDATE blobs SET body = replace(body, '\"tokens\":2000', '\"tokens\":50')"));
  const auto found = found_in(store.directory());
  CHECK_MESSAGE(std::ranges::count(found, std::string_view("I6"), &Finding::invariant) == 2, all_of(found));
  CHECK(all_of(found).contains("its limit is 50"));
}

TEST_CASE("a file that is damaged is told from a store that contradicts itself") {
  KeptStore store("schema3.sql");
  store.change("PRAGMA journal_mode=DELETE; DROP INDEX runs_unfinished; PRAGMA writable_schema=ON");
  {
    std::fstream file(store.file(), std::ios::in | std::ios::out | std::ios::binary);
    for (int page = 3; page < 12; ++page) {
      file.seekp(page * 4096 + 8);
      file << std::string(60, '\x7f');
    }
  }
  auto reader = store::AuditReader::open(store.directory());
  REQUIRE(reader.has_value());
  std::size_t found = 0;
  auto report = check_store(*reader, {}, [&](const Finding&) { ++found; }, [](const CheckProgress&) {});
  CHECK((!report.has_value() || (report->damaged && found > 0)));
  if (!report) CHECK(report.error().message.contains(store.file()));
}

TEST_CASE(
    "calls that must not be made twice, approvals and a crash between them leave a store that is whole") {
  auto model = says({{R"({"thought":"t","action":"send","action_input":{"x":1}})"},
                     {R"({"thought":"t","final_answer":"sent"})"}});
  World::More more;
  more.tools.push_back(
      std::make_shared<fakes::TestTool>("send", tools::Effect::at_most_once,
                                        [](const tools::ToolInput&) { return tools::ToolOutput{"ok", {}}; }));
  World world(model, {}, {}, std::move(more));
  world.resume();
  const std::string session = world.session();
  auto accepted = world.submit(session, "please");
  REQUIRE(accepted);
  world.finished(accepted->run);
  world.close();
  CHECK(all_of(found_in(world.path(), {.every_beginning = true})) == "");

  SUBCASE("made twice") {
    auto file = store::Database::open(world.path() + "/journal.db", store::Database::Mode::write);
    REQUIRE(file->execute(
        "INSERT INTO log(stream, n, run, step, type, chain, body) SELECT stream, n + 1000, run, "
        "step, type, 0, body FROM log WHERE type = 'tool.dispatched'"));
    CHECK(all_of(found_in(world.path())).contains("I3: run " + accepted->run + ", seq 0: fact 1"));
  }
}
