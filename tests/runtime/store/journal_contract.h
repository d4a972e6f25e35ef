#pragma once

#include "runtime/async/nursery.h"
#include "runtime/store/journal.h"
#include "tests/fakes/run_loop.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

/// What every Journal must do, whatever it is made of. A test program calls check_journal_contract() from one
/// test case with a factory of empty journals.
namespace troupe::store::contract {

using MakeJournal = std::function<std::unique_ptr<Journal>(Loop&)>;

inline Event event(std::string_view type, std::string session, std::string run, int step = 0) {
  Event made{
      .type = type, .session = std::move(session), .run = std::move(run), .agent = "tester", .step = step};
  made.fields["text"] = "said with \"quotes\", 한국어 and \n a new line";
  return made;
}

inline RunRow run_row(std::string id, std::string session, std::string message_id = "") {
  return {.id = std::move(id),
          .session = std::move(session),
          .tenant = "acme",
          .target = "desk",
          .agent = "desk",
          .message_id = std::move(message_id),
          .input = "what?",
          .status = "running",
          .created_ms = 1000};
}

inline SessionRow session_row(std::string id, std::string tenant = "acme") {
  return {.id = std::move(id),
          .tenant = std::move(tenant),
          .target = "desk",
          .created_ms = 1000,
          .updated_ms = 1000};
}

/// Collects what it is given.
struct Collector final : Subscriber {
  std::vector<Frame> frames;
  std::function<void(const Frame&)> then;
  void on_frame(const Frame& frame) override {
    frames.push_back(frame);
    if (then) then(frame);
  }
};

/// One journal on one loop, closed at the end.
class Bench {
 public:
  explicit Bench(const MakeJournal& make) : journal(make(loop)) {}
  ~Bench() { fakes::run(loop, journal->close()); }

  template <class T>
  T run(Task<T> task) {
    return fakes::run<T>(loop, std::move(task));
  }
  template <class T>
  T ok(Task<Result<T>> task) {
    auto result = run<Result<T>>(std::move(task));
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    return std::move(*result);
  }
  void commit(Append append) {
    auto result = run<Result<>>(journal->commit(std::move(append)));
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
  }

  SystemClock clock;
  Loop loop{clock};
  std::unique_ptr<Journal> journal;
};

inline Append events_of(const std::string& session, const std::string& run, int count) {
  Append append;
  for (int i = 0; i < count; ++i) append.events.push_back(event("thought", session, run, i + 1));
  return append;
}

inline Append start_of(const std::string& session, const std::string& run, std::string message_id = "") {
  Append append;
  append.session = session_row(session);
  append.run = run_row(run, session, std::move(message_id));
  append.events.push_back(event("run.started", session, run));
  append.facts.push_back({run, "accepted", 0, R"({"input":"what?"})"});
  append.barrier = true;
  return append;
}

inline Append end_of(const std::string& session, const std::string& run, std::string status = "done") {
  Append append;
  RunRow row = run_row(run, session);
  row.status = std::move(status);
  row.answer = "that";
  row.finished_ms = 2000;
  append.run = std::move(row);
  append.events.push_back(event("run.finished", session, run));
  append.barrier = true;
  return append;
}

inline void check_numbering(const MakeJournal& make) {
  Bench bench(make);
  Journal& journal = *bench.journal;

  SUBCASE("events of a session are numbered from 1 without a gap, each session for itself") {
    bench.commit(events_of("s_a", "r_a", 3));
    bench.commit(events_of("s_b", "r_b", 1));
    bench.commit(events_of("s_a", "r_a", 2));

    auto frames = bench.ok(journal.read_events("s_a", 0, 100));
    REQUIRE(frames.size() == 5);
    for (std::size_t i = 0; i < frames.size(); ++i) CHECK(frames[i].seq == static_cast<std::int64_t>(i + 1));
    CHECK(bench.ok(journal.last_seq("s_a")) == 5);
    CHECK(bench.ok(journal.last_seq("s_b")) == 1);
    CHECK(bench.ok(journal.last_seq("s_unknown")) == 0);
  }

  SUBCASE("what is read is what was published, byte for byte") {
    Collector seen;
    auto subscription = journal.subscribe("s_a", seen);
    bench.commit(events_of("s_a", "r_a", 2));

    auto frames = bench.ok(journal.read_events("s_a", 0, 100));
    REQUIRE(seen.frames.size() == 2);
    REQUIRE(frames.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(*frames[i].text == *seen.frames[i].text);
      CHECK(frames[i].seq == seen.frames[i].seq);
      CHECK(frames[i].session == "s_a");
      CHECK(frames[i].run == "r_a");
      CHECK(frames[i].type == "thought");
      CHECK(frames[i].step == static_cast<int>(i + 1));
    }
    auto json = parse_json(*frames[1].text);
    REQUIRE(json.has_value());
    CHECK((*json)["seq"] == 2);
    CHECK((*json)["session"] == "s_a");
    CHECK((*json)["text"] == event("thought", "s", "r").fields["text"]);
  }

  SUBCASE("events are read in pages after a seq") {
    bench.commit(events_of("s_a", "r_a", 10));

    auto page = bench.ok(journal.read_events("s_a", 4, 3));
    REQUIRE(page.size() == 3);
    CHECK(page.front().seq == 5);
    CHECK(page.back().seq == 7);
    CHECK(bench.ok(journal.read_events("s_a", 10, 3)).empty());
    CHECK(bench.ok(journal.read_events("s_a", 99, 3)).empty());
    CHECK(bench.ok(journal.read_events("s_a", 0, 0)).empty());
    CHECK(bench.ok(journal.read_events("s_unknown", 0, 3)).empty());
  }

  SUBCASE("facts of a run come back in the order they were committed") {
    Append append = start_of("s_a", "r_a");
    append.facts.push_back({"r_a", "model.intent", 1, R"({"n":2})"});
    append.facts.push_back({"r_other", "accepted", 0, R"({})"});
    bench.commit(std::move(append));
    Append more;
    more.facts.push_back({"r_a", "model.reply", 1, R"({"n":3})"});
    bench.commit(std::move(more));

    auto facts = bench.ok(journal.read_facts("r_a"));
    REQUIRE(facts.size() == 3);
    CHECK(facts[0].kind == "accepted");
    CHECK(facts[1].kind == "model.intent");
    CHECK(facts[2].kind == "model.reply");
    CHECK(facts[2].body == R"({"n":3})");
    CHECK(facts[2].step == 1);
    CHECK(facts[2].run == "r_a");
    CHECK(bench.ok(journal.read_facts("r_unknown")).empty());
  }

  SUBCASE("facts of one kind come back of all runs of a session, and of no other's") {
    for (auto [session, run] : {std::pair("s_a", "r_a"), std::pair("s_b", "r_b"), std::pair("s_a", "r_c")}) {
      Append append = start_of(session, run);
      append.facts.push_back({run, "memory.block", 1, fmt::format(R"({{"of":"{}"}})", run)});
      append.facts.push_back({run, "model.reply", 1, "{}"});
      append.facts.push_back({run, "memory.block", 2, fmt::format(R"({{"again":"{}"}})", run)});
      bench.commit(std::move(append));
    }
    auto facts = bench.ok(journal.session_facts("s_a", "memory.block"));
    REQUIRE(facts.size() == 4);
    CHECK(facts[0].run == "r_a");
    CHECK(facts[0].body == R"({"of":"r_a"})");
    CHECK(facts[1].step == 2);
    CHECK(facts[3].body == R"({"again":"r_c"})");
    CHECK(bench.ok(journal.session_facts("s_a", "memory.none")).empty());
    CHECK(bench.ok(journal.session_facts("s_unknown", "memory.block")).empty());
  }

  SUBCASE("a session is forgotten whole, and only once nothing of it is at work") {
    bench.commit(start_of("s_a", "r_a"));
    bench.commit(start_of("s_b", "r_b"));
    Append forget;
    forget.forget = "s_a";
    auto busy = bench.run<Result<>>(journal.commit(forget));
    REQUIRE_FALSE(busy);
    CHECK(busy.error().code == ErrorCode::busy);
    CHECK(bench.ok(journal.find_run("r_a")));

    auto row = bench.ok(journal.find_run("r_a"));
    row->status = "done";
    row->finished_ms = 7;
    Append end;
    end.run = *row;
    bench.commit(std::move(end));
    bench.commit(forget);
    CHECK_FALSE(bench.ok(journal.find_session("s_a")));
    CHECK_FALSE(bench.ok(journal.find_run("r_a")));
    CHECK(bench.ok(journal.read_events("s_a", 0, 100)).empty());
    CHECK(bench.ok(journal.read_facts("r_a")).empty());
    CHECK(bench.ok(journal.find_session("s_b")));
    CHECK(bench.ok(journal.read_events("s_b", 0, 100)).size() == 1);
    auto gone = bench.run<Result<>>(journal.commit(forget));
    REQUIRE_FALSE(gone);
    CHECK(gone.error().code == ErrorCode::not_found);

    bench.commit(start_of("s_c", "r_c"));  // what comes after is numbered from 1 again
    CHECK(bench.ok(journal.read_events("s_c", 0, 100)).front().seq == 1);
  }
}

inline void check_rows(const MakeJournal& make) {
  Bench bench(make);
  Journal& journal = *bench.journal;

  SUBCASE("a session is found with its target, tenant, last seq and number of runs") {
    bench.commit(start_of("s_a", "r_1"));
    bench.commit(end_of("s_a", "r_1"));
    bench.commit(start_of("s_a", "r_2"));

    auto row = bench.ok(journal.find_session("s_a"));
    REQUIRE(row.has_value());
    CHECK(row->tenant == "acme");
    CHECK(row->target == "desk");
    CHECK(row->created_ms == 1000);
    CHECK(row->last_seq == 3);
    CHECK(row->runs == 2);
    CHECK_FALSE(bench.ok(journal.find_session("s_unknown")).has_value());
  }

  SUBCASE("a session row given again changes target and time, not the tenant") {
    Append first;
    first.session = session_row("s_a");
    bench.commit(std::move(first));
    Append second;
    second.session = session_row("s_a", "somebody else");
    second.session->target = "writer";
    second.session->updated_ms = 5000;
    bench.commit(std::move(second));

    auto row = bench.ok(journal.find_session("s_a"));
    REQUIRE(row.has_value());
    CHECK(row->target == "writer");
    CHECK(row->updated_ms == 5000);
    CHECK(row->created_ms == 1000);
    CHECK(row->tenant == "acme");
  }

  SUBCASE("a run keeps what it was given, and where its events begin and end") {
    bench.commit(events_of("s_a", "r_0", 2));
    Append start = start_of("s_a", "r_1", "m1");
    start.run->parent = "r_0";
    start.run->config = "cafe";
    start.run->extra = R"({"inputs":{"topic":"x"}})";
    start.run->cost = 0.125;
    bench.commit(std::move(start));
    auto row = bench.ok(journal.find_run("r_1"));
    REQUIRE(row.has_value());
    CHECK(row->session == "s_a");
    CHECK(row->message_id == "m1");
    CHECK(row->parent == "r_0");
    CHECK(row->input == "what?");
    CHECK(row->config == "cafe");
    CHECK(row->extra == R"({"inputs":{"topic":"x"}})");
    CHECK(row->cost == 0.125);
    CHECK(row->first_seq == 3);
    CHECK(row->last_seq == 0);
    CHECK_FALSE(row->finished());

    bench.commit(events_of("s_a", "r_1", 1));
    bench.commit(end_of("s_a", "r_1", "failed"));
    row = bench.ok(journal.find_run("r_1"));
    REQUIRE(row.has_value());
    CHECK(row->status == "failed");
    CHECK(row->answer == "that");
    CHECK(row->first_seq == 3);
    CHECK(row->last_seq == 5);
    CHECK(row->finished());
    CHECK_FALSE(bench.ok(journal.find_run("r_unknown")).has_value());
  }

  SUBCASE("the events of one run are told from those of others in its session") {
    bench.commit(start_of("s_a", "r_1"));
    bench.commit(start_of("s_a", "r_2"));
    bench.commit(events_of("s_a", "r_1", 1));
    bench.commit(end_of("s_a", "r_2"));
    bench.commit(end_of("s_a", "r_1"));

    auto frames = bench.ok(journal.read_run_events("r_1"));
    REQUIRE(frames.size() == 3);
    CHECK(frames[0].type == "run.started");
    CHECK(frames[1].seq == 3);
    CHECK(frames[2].type == "run.finished");
    CHECK(frames[2].run == "r_1");
    CHECK(bench.ok(journal.read_run_events("r_2")).size() == 2);
    CHECK(bench.ok(journal.read_run_events("r_unknown")).empty());
  }

  SUBCASE("a message is found by its session and id, and belongs to one run only") {
    bench.commit(start_of("s_a", "r_1", "m1"));
    bench.commit(start_of("s_b", "r_2", "m1"));
    bench.commit(start_of("s_a", "r_3"));
    bench.commit(start_of("s_a", "r_4"));

    auto found = bench.ok(journal.find_message("s_a", "m1"));
    REQUIRE(found.has_value());
    CHECK(found->id == "r_1");
    CHECK_FALSE(bench.ok(journal.find_message("s_a", "m2")).has_value());
    CHECK_FALSE(bench.ok(journal.find_message("s_a", "")).has_value());

    auto again = bench.run(journal.commit(start_of("s_a", "r_5", "m1")));
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().code == ErrorCode::conflict);
    CHECK(again.error().message.find("m1") != std::string::npos);
    CHECK_FALSE(bench.ok(journal.find_run("r_5")).has_value());
    CHECK(bench.ok(journal.read_facts("r_5")).empty());

    bench.commit(events_of("s_a", "r_3", 1));  // the refused append left no gap
    CHECK(bench.ok(journal.last_seq("s_a")) == 4);
  }

  SUBCASE("lists are newest first, by tenant and session, and bounded") {
    bench.commit(start_of("s_1", "r_1"));
    Append other = start_of("s_2", "r_2");
    other.session->tenant = "other";
    other.run->tenant = "other";
    bench.commit(std::move(other));
    bench.commit(start_of("s_3", "r_3"));
    bench.commit(start_of("s_1", "r_4"));

    const auto ids = [](const auto& rows) {
      std::string all;
      for (const auto& row : rows) all += row.id + " ";
      return all;
    };
    CHECK(ids(bench.ok(journal.list_sessions("", 10))) == "s_3 s_2 s_1 ");
    CHECK(ids(bench.ok(journal.list_sessions("acme", 10))) == "s_3 s_1 ");
    CHECK(ids(bench.ok(journal.list_sessions("", 2))) == "s_3 s_2 ");
    CHECK(ids(bench.ok(journal.list_runs("", "", 10))) == "r_4 r_3 r_2 r_1 ");
    CHECK(ids(bench.ok(journal.list_runs("acme", "", 2))) == "r_4 r_3 ");
    CHECK(ids(bench.ok(journal.list_runs("", "s_1", 10))) == "r_4 r_1 ");
    CHECK(ids(bench.ok(journal.list_runs("other", "s_1", 10))).empty());
  }

  SUBCASE("unfinished runs are those without an end, oldest first; turns those with one") {
    for (const char* run : {"r_1", "r_2", "r_3", "r_4"}) bench.commit(start_of("s_a", run));
    bench.commit(end_of("s_a", "r_3", "failed"));
    bench.commit(end_of("s_a", "r_1"));
    bench.commit(end_of("s_a", "r_4", "cancelled"));

    auto open = bench.ok(journal.unfinished_runs());
    REQUIRE(open.size() == 1);
    CHECK(open[0].id == "r_2");
    auto turns = bench.ok(journal.turns("s_a", "desk", 2));
    REQUIRE(turns.size() == 2);
    CHECK(turns[0].id == "r_3");
    CHECK(turns[1].id == "r_4");
    CHECK(bench.ok(journal.turns("s_a", "nobody", 2)).empty());
  }

  SUBCASE("a text is kept once by its content") {
    auto first = bench.ok(journal.put_blob("You are Troupe."));
    auto second = bench.ok(journal.put_blob("You are Troupe."));
    CHECK(first == second);
    CHECK(first.size() == 64);
    CHECK(bench.ok(journal.get_blob(first)) == "You are Troupe.");
    CHECK(bench.ok(journal.put_blob("")) ==
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    auto missing = bench.run(journal.get_blob("no such hash"));
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().code == ErrorCode::not_found);
  }
}

inline Append spending(std::string day, std::string tenant, std::string session, std::string agent,
                       std::string model, Used used) {
  Append append;
  append.spent.push_back({.day = std::move(day),
                          .tenant = std::move(tenant),
                          .session = std::move(session),
                          .agent = std::move(agent),
                          .target = "team",
                          .model = std::move(model),
                          .used = used});
  return append;
}

inline void check_ledger(const MakeJournal& make) {
  Bench bench(make);
  Journal& journal = *bench.journal;
  const auto told = [&](UsageQuery query) {
    std::string all;
    for (const UsageRow& row : bench.ok(journal.usage(std::move(query))))
      all += fmt::format("{}:{}/{}/{}/{}/{} ", row.key, row.used.calls, row.used.input_tokens,
                         row.used.output_tokens, row.used.cached_tokens, row.used.cost);
    return all;
  };

  SUBCASE("what is spent is added up by any of its words") {
    bench.commit(spending("2026-11-28", "acme", "s_1", "a", "small", {1, 100, 10, 0, 0.5}));
    bench.commit(spending("2026-11-29", "acme", "s_1", "a", "small", {1, 200, 20, 50, 0.25}));
    bench.commit(spending("2026-11-29", "acme", "s_1", "a", "small", {1, 100, 10, 50, 0.25}));
    Append two = spending("2026-11-29", "other", "s_2", "b", "large", {1, 10, 1, 0, 2});
    two.spent.push_back(two.spent.front());
    two.spent.back().model = "small";
    two.spent.back().used.cost = 0;
    bench.commit(std::move(two));

    CHECK(told({.by = UsageBy::day}) == "2026-11-28:1/100/10/0/0.5 2026-11-29:4/320/32/100/2.5 ");
    CHECK(told({.by = UsageBy::tenant}) == "other:2/20/2/0/2 acme:3/400/40/100/1 ");
    CHECK(told({.by = UsageBy::session}) == "s_2:2/20/2/0/2 s_1:3/400/40/100/1 ");
    CHECK(told({.by = UsageBy::agent}) == "b:2/20/2/0/2 a:3/400/40/100/1 ");
    CHECK(told({.by = UsageBy::target}) == "team:5/420/42/100/3 ");
    CHECK(told({.by = UsageBy::model}) == "large:1/10/1/0/2 small:4/410/41/100/1 ");
    CHECK(told({.by = UsageBy::model, .tenant = "other"}) == "large:1/10/1/0/2 small:1/10/1/0/0 ");
    CHECK(told({.by = UsageBy::day, .session = "s_1"}) ==
          "2026-11-28:1/100/10/0/0.5 2026-11-29:2/300/30/100/0.5 ");
    CHECK(told({.by = UsageBy::tenant, .agent = "a"}) == "acme:3/400/40/100/1 ");
    CHECK(told({.by = UsageBy::tenant, .since = "2026-11-29"}) == "other:2/20/2/0/2 acme:2/300/30/100/0.5 ");
    CHECK(told({.by = UsageBy::tenant, .until = "2026-11-28"}) == "acme:1/100/10/0/0.5 ");
    CHECK(told({.by = UsageBy::tenant, .since = "2026-11-30"}).empty());
    CHECK(told({.by = UsageBy::day, .session = "s_unknown"}).empty());
    CHECK(told({.by = UsageBy::tenant, .limit = 1}) == "other:2/20/2/0/2 ");
  }

  SUBCASE("what costs the same is in the order of its tokens") {
    bench.commit(spending("2026-11-29", "few", "s_1", "a", "m", {1, 1, 1, 0, 0}));
    bench.commit(spending("2026-11-29", "many", "s_2", "a", "m", {1, 9, 1, 0, 0}));
    CHECK(told({.by = UsageBy::tenant}) == "many:1/9/1/0/0 few:1/1/1/0/0 ");
  }

  SUBCASE("an append that is refused spends nothing") {
    bench.commit(start_of("s_a", "r_1", "m1"));
    Append twice = start_of("s_a", "r_2", "m1");
    twice.spent = spending("2026-11-29", "acme", "s_a", "a", "m", {1, 1, 1, 0, 1}).spent;
    CHECK_FALSE(bench.run(journal.commit(std::move(twice))).has_value());
    CHECK(told({}).empty());
    for (const char* missing : {"day", "session"}) {
      Append append = spending("2026-11-29", "acme", "s_a", "a", "m", {1, 1, 1, 0, 1});
      (missing == std::string("day") ? append.spent[0].day : append.spent[0].session).clear();
      auto refused = bench.run(journal.commit(std::move(append)));
      REQUIRE_FALSE(refused.has_value());
      CHECK(refused.error().code == ErrorCode::invalid);
    }
  }
}

inline void check_publication(const MakeJournal& make) {
  Bench bench(make);
  Journal& journal = *bench.journal;
  Collector seen;

  SUBCASE("a subscriber gets the events of its session in order, and only those") {
    auto subscription = journal.subscribe("s_a", seen);
    bench.commit(events_of("s_b", "r_b", 2));
    for (int i = 0; i < 5; ++i) bench.commit(events_of("s_a", "r_a", 2));

    REQUIRE(seen.frames.size() == 10);
    for (std::size_t i = 0; i < 10; ++i) CHECK(seen.frames[i].seq == static_cast<std::int64_t>(i + 1));
  }

  SUBCASE("frames are published before the commit returns") {
    auto subscription = journal.subscribe("s_a", seen);
    bench.commit(events_of("s_a", "r_a", 1));
    CHECK(seen.frames.size() == 1);
  }

  SUBCASE("an event that is published without being journaled has no seq and is not stored") {
    auto subscription = journal.subscribe("s_a", seen);
    journal.publish(event("thought.delta", "s_a", "r_a", 1));
    REQUIRE(seen.frames.size() == 1);
    CHECK(seen.frames[0].is_volatile());
    CHECK(seen.frames[0].text->find("\"seq\"") == std::string::npos);
    CHECK(bench.ok(journal.read_events("s_a", 0, 10)).empty());
    journal.publish(event("thought.delta", "s_nobody", "r_a", 1));
  }

  SUBCASE("whoever unsubscribed gets nothing more, also in the middle of a frame") {
    Collector other;
    std::unique_ptr<Journal::Subscription> first = journal.subscribe("s_a", seen);
    std::unique_ptr<Journal::Subscription> second = journal.subscribe("s_a", other);
    seen.then = [&](const Frame& frame) {
      if (frame.seq == 2) first.reset(), second.reset();
    };
    bench.commit(events_of("s_a", "r_a", 3));

    CHECK(seen.frames.size() == 2);
    CHECK(other.frames.size() == 1);
  }

  SUBCASE("who subscribes in the middle of a frame gets the next one") {
    Collector late;
    std::unique_ptr<Journal::Subscription> second;
    auto first = journal.subscribe("s_a", seen);
    seen.then = [&](const Frame&) {
      if (!second) second = journal.subscribe("s_a", late);
    };
    bench.commit(events_of("s_a", "r_a", 3));

    REQUIRE(late.frames.size() == 2);
    CHECK(late.frames[0].seq == 2);
  }

  SUBCASE("what is posted is committed and published too, in order with what is committed") {
    auto subscription = journal.subscribe("s_a", seen);
    Append posted = events_of("s_a", "r_a", 1);
    posted.events[0].type = "warning";
    journal.post(std::move(posted));
    bench.commit(events_of("s_a", "r_a", 1));

    REQUIRE(seen.frames.size() == 2);
    CHECK(seen.frames[0].type == "warning");
    CHECK(seen.frames[1].type == "thought");
  }
}

inline void check_wrong_use(const MakeJournal& make) {
  Bench bench(make);
  Journal& journal = *bench.journal;
  const auto refused = [&](Append append) {
    auto result = bench.run(journal.commit(std::move(append)));
    return !result && result.error().code == ErrorCode::invalid && !result.error().message.empty();
  };

  SUBCASE("an append that names no session, run or id is refused as a whole") {
    Append no_session = events_of("s_a", "r_a", 1);
    no_session.events.push_back(event("thought", "", "r_a"));
    CHECK(refused(std::move(no_session)));
    Append no_type = events_of("s_a", "r_a", 1);
    no_type.events[0].type = "";
    CHECK(refused(std::move(no_type)));
    Append no_run;
    no_run.facts.push_back({"", "accepted", 0, "{}"});
    CHECK(refused(std::move(no_run)));
    Append no_id;
    no_id.session = session_row("");
    CHECK(refused(std::move(no_id)));
    Append homeless;
    homeless.run = run_row("r_a", "");
    CHECK(refused(std::move(homeless)));
    CHECK(bench.ok(journal.last_seq("s_a")) == 0);
  }

  SUBCASE("an append with nothing in it is committed like any other") {
    bench.commit({});
  }

  SUBCASE("after close nothing is stored, and whoever tries is told") {
    bench.commit(events_of("s_a", "r_a", 1));
    fakes::run(bench.loop, journal.close());
    auto result = bench.run(journal.commit(events_of("s_a", "r_a", 1)));
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == ErrorCode::store);
    journal.post(events_of("s_a", "r_a", 1));
    fakes::run(bench.loop, journal.close());
  }
}

inline Task<> append_many(Journal& journal, std::string session, std::string run, int count, int& failures) {
  for (int i = 0; i < count; ++i) {
    Append append;
    append.events.push_back(event("thought", session, run, i));
    append.facts.push_back({run, "model.reply", i, std::to_string(i)});
    auto result = co_await journal.commit(std::move(append));
    if (!result) ++failures;
  }
}

inline Task<> join(Nursery& nursery) {
  co_await nursery.join();
}

inline void check_concurrency(const MakeJournal& make) {
  Bench bench(make);
  Journal& journal = *bench.journal;
  constexpr int kWriters = 40;
  constexpr int kEach = 25;
  Collector seen;
  auto subscription = journal.subscribe("s_0", seen);
  int failures = 0;

  // Ten sessions, four runs in each, all at once.
  Nursery nursery(bench.loop);
  for (int w = 0; w < kWriters; ++w) {
    nursery.spawn("writer", [&, w] {
      return append_many(journal, "s_" + std::to_string(w % 10), "r_" + std::to_string(w), kEach, failures);
    });
  }
  fakes::run(bench.loop, join(nursery));

  CHECK(failures == 0);
  for (int s = 0; s < 10; ++s) {
    auto frames = bench.ok(journal.read_events("s_" + std::to_string(s), 0, 1000));
    REQUIRE(frames.size() == kWriters / 10 * kEach);
    for (std::size_t i = 0; i < frames.size(); ++i)
      REQUIRE(frames[i].seq == static_cast<std::int64_t>(i + 1));
  }
  for (int w = 0; w < kWriters; ++w) {
    auto facts = bench.ok(journal.read_facts("r_" + std::to_string(w)));
    REQUIRE(facts.size() == kEach);
    for (int i = 0; i < kEach; ++i) REQUIRE(facts[static_cast<std::size_t>(i)].body == std::to_string(i));
  }
  REQUIRE(seen.frames.size() == kWriters / 10 * kEach);
  for (std::size_t i = 0; i < seen.frames.size(); ++i)
    REQUIRE(seen.frames[i].seq == static_cast<std::int64_t>(i + 1));
}

inline DeadLetterRow letter(std::string id, std::string session, std::int64_t at_ms) {
  return {.id = id,
          .session = std::move(session),
          .tenant = "acme",
          .run = "r_a",
          .reason = "expired",
          .detail = "it was too late",
          .body = R"({"text":"hello"})",
          .resend_id = "resend." + id,
          .at_ms = at_ms};
}

inline void check_dead_letters(const MakeJournal& make) {
  Bench bench(make);
  Journal& journal = *bench.journal;
  Append append;
  append.dead = {letter("m1", "s_a", 10), letter("m2", "s_a", 30), letter("m1", "s_b", 20)};
  append.dead[2].tenant = "other";
  bench.commit(std::move(append));

  SUBCASE("the newest come first, of all or of one tenant, and no more than asked for") {
    auto all = bench.ok(journal.dead_letters("", 10));
    REQUIRE(all.size() == 3);
    CHECK(all[0].id == "m2");
    CHECK(all[1].session == "s_b");
    CHECK(all[2].at_ms == 10);
    CHECK(all[0].reason == "expired");
    CHECK(all[0].detail == "it was too late");
    CHECK(all[0].body == R"({"text":"hello"})");
    CHECK(all[0].run == "r_a");
    CHECK(all[0].resend_id == "resend.m2");
    CHECK(all[0].resent_ms == 0);
    CHECK(bench.ok(journal.dead_letters("acme", 10)).size() == 2);
    CHECK(bench.ok(journal.dead_letters("acme", 1)).size() == 1);
    CHECK(bench.ok(journal.dead_letters("nobody", 10)).empty());
  }

  SUBCASE("one is found by its id, the newest where several sessions have it, and only by its tenant") {
    CHECK(bench.ok(journal.find_dead_letter("", "m1"))->session == "s_b");
    CHECK(bench.ok(journal.find_dead_letter("acme", "m1"))->session == "s_a");
    CHECK_FALSE(bench.ok(journal.find_dead_letter("other", "m2")));
    CHECK_FALSE(bench.ok(journal.find_dead_letter("", "m3")));
  }

  SUBCASE("the same one again is replaced; resent once, it stays so") {
    Append again;
    again.dead = {letter("m2", "s_a", 40)};
    again.dead[0].resent_ms = 41;
    bench.commit(again);
    again.dead[0].resent_ms = 0;
    again.dead[0].reason = "closed";
    bench.commit(again);
    auto found = bench.ok(journal.find_dead_letter("", "m2"));
    REQUIRE(found);
    CHECK(found->at_ms == 40);
    CHECK(found->reason == "closed");
    CHECK(found->resent_ms == 41);
    CHECK(bench.ok(journal.dead_letters("", 10)).size() == 3);
  }

  SUBCASE("a run of its session that came of its id for that has resent it") {
    bench.commit(start_of("s_a", "r_1", "resend.m2"));
    bench.commit(start_of("s_c", "r_2", "resend.m1"));  // another session's
    CHECK(bench.ok(journal.find_dead_letter("", "m2"))->resent_ms == 1000);
    CHECK(bench.ok(journal.dead_letters("acme", 10)).front().resent_ms == 1000);
    CHECK(bench.ok(journal.find_dead_letter("acme", "m1"))->resent_ms == 0);
  }

  SUBCASE("those of a session that is forgotten go with it") {
    Append forget;
    forget.forget = "s_a";
    bench.commit(std::move(forget));
    auto left = bench.ok(journal.dead_letters("", 10));
    REQUIRE(left.size() == 1);
    CHECK(left[0].session == "s_b");
  }

  SUBCASE("one without an id or a session is refused, with all that came along") {
    Append bad = events_of("s_a", "r_a", 1);
    bad.dead = {letter("", "s_a", 1)};
    CHECK(bench.run<Result<>>(journal.commit(bad)).error().code == ErrorCode::invalid);
    bad.dead = {letter("m9", "", 1)};
    CHECK(bench.run<Result<>>(journal.commit(std::move(bad))).error().code == ErrorCode::invalid);
    CHECK(bench.ok(journal.read_events("s_a", 0, 10)).empty());
  }
}

inline void check_journal_contract(const MakeJournal& make) {
  SUBCASE("numbering") {
    check_numbering(make);
  }
  SUBCASE("rows") {
    check_rows(make);
  }
  SUBCASE("ledger") {
    check_ledger(make);
  }
  SUBCASE("dead letters") {
    check_dead_letters(make);
  }
  SUBCASE("publication") {
    check_publication(make);
  }
  SUBCASE("wrong use") {
    check_wrong_use(make);
  }
  SUBCASE("many writers at once") {
    check_concurrency(make);
  }
}

}  // namespace troupe::store::contract
