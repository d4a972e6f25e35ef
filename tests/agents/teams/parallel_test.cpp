#include "tests/agents/teams/pattern_run.h"

using namespace troupe;
using namespace troupe::agents;

namespace {

using Until = JoinSettings::Until;
using Reduce = JoinSettings::Reduce;

TeamSettings three(JoinSettings join = {}) {
  TeamSettings settings{.name = "three", .members = {"a", "b", "c"}};
  settings.join = std::move(join);
  return settings;
}

TeamSettings tasks() {
  TeamSettings settings{.name = "tasks"};
  settings.tasks = {{.name = "one", .agent = "a", .description = "Do one", .output_file = "one.md"},
                    {.name = "two", .agent = "b", .description = "Do two", .output_file = "two.md"},
                    {.name = "three", .agent = "a", .description = "Do three"}};
  return settings;
}

}  // namespace

TEST_CASE("all members get the message at once, and what they say is put together under their names") {
  const TeamSettings settings = three();
  PatternRun run(make_parallel, settings);
  run.crew.turns = {{"member.1", 5}};
  CHECK(told(run.run("why?")) ==
        "done ## a\n\na on member.1\n\n## b\n\nb on member.2\n\n## c\n\nc on member.3");
  CHECK(run.crew.most_at_work == 3);
  CHECK(run.crew.text_of("member.2") == "why?");
}

TEST_CASE("no more are at work at once than the limit says") {
  TeamSettings settings = three();
  settings.limits.parallel = 2;
  PatternRun run(make_parallel, settings);
  REQUIRE(run.run());
  CHECK(run.crew.most_at_work == 2);
  CHECK(run.crew.asks.size() == 3);
}

TEST_CASE("tasks at once have texts and files of their own, and a second one of an agent has a copy of it") {
  const TeamSettings settings = tasks();
  PatternRun run(make_parallel, settings);
  REQUIRE(run.run());
  CHECK(run.crew.text_of("task.1").starts_with("Do one\n"));
  CHECK_FALSE(run.crew.text_of("task.2").contains("Result"));
  const auto third = std::ranges::find(run.crew.asks, "task.3", &Ask::key);
  CHECK(third->to == "a#2");
  CHECK(run.crew.files.at("one.md") == "a on task.1");
  CHECK(run.crew.files.at("two.md") == "b on task.2");
}

TEST_CASE("the first that succeeds is enough for any, and the others are stopped") {
  const TeamSettings settings = three({.until = Until::any, .reduce = Reduce::first});
  PatternRun run(make_parallel, settings);
  run.crew.by_key["member.1"] = fakes::failed_reply("down");
  run.crew.turns = {{"member.2", 3}};
  run.crew.held = {"member.3"};
  CHECK(told(run.run()) == "done b on member.2");
}

TEST_CASE("a quorum has as many as it asks for, in the order of who was there first") {
  const TeamSettings settings = three({.until = Until::quorum, .quorum = 2, .reduce = Reduce::first});
  PatternRun run(make_parallel, settings);
  run.crew.turns = {{"member.1", 4}, {"member.2", 9}, {"member.3", 2}};
  run.crew.held = {"member.2"};
  CHECK(told(run.run()) == "done c on member.3");
}

TEST_CASE("what could not start yet when it is enough is not asked for") {
  TeamSettings settings = three({.until = Until::any});
  settings.limits.parallel = 1;
  PatternRun run(make_parallel, settings);
  CHECK(told(run.run()) == "done a on member.1");
  CHECK(run.crew.asks.size() == 1);
}

TEST_CASE("under any and quorum a failure counts once too few can succeed") {
  for (const int quorum : {1, 2, 3}) {
    CAPTURE(quorum);
    const TeamSettings settings = three({.until = Until::quorum, .quorum = quorum});
    PatternRun run(make_parallel, settings);
    run.crew.by_key["member.1"] = fakes::failed_reply("down");
    run.crew.turns = {{"member.2", 3}, {"member.3", 3}};
    if (quorum == 3) run.crew.held = {"member.2", "member.3"};
    const auto end = run.run();
    CHECK(end.has_value() == (quorum < 3));
    if (!end)
      CHECK(end.error().detail.contains("3 of 3 were needed, 0 succeeded, 0 were skipped and 1 failed"));
    if (!end) CHECK(end.error().detail.contains("down"));
  }
}

TEST_CASE("each member that fails under all does as the policy says, and the others are stopped") {
  for (const std::string key : {"member.1", "member.2", "member.3"}) {
    CAPTURE(key);
    TeamSettings settings = three();
    PatternRun fails(make_parallel, settings);
    fails.crew.by_key[key] = fakes::failed_reply("it broke");
    for (const std::string other : {"member.1", "member.2", "member.3"})
      if (other != key) fails.crew.held.insert(other);
    const auto end = fails.run();
    CHECK(told(end) == "failed member_failed");
    CHECK(end.error().detail.contains(key));

    settings.failure = {.on_failure = OnFailure::skip};
    PatternRun skips(make_parallel, settings);
    skips.crew.by_key[key] = fakes::failed_reply("it broke");
    const auto rest = skips.run();
    REQUIRE(rest);
    CHECK_FALSE(rest->text.contains(key));

    settings.failure = {.on_failure = OnFailure::retry};
    PatternRun retries(make_parallel, settings);
    retries.crew.by_key[key] = fakes::failed_reply("it broke");
    const auto again = retries.run();
    REQUIRE(again);
    CHECK(again->text.contains(key + ".again1"));

    settings.failure = {.on_failure = OnFailure::substitute, .substitute = "other"};
    PatternRun instead(make_parallel, settings);
    instead.crew.views.push_back({.name = "other"});
    instead.crew.by_key[key] = fakes::failed_reply("it broke");
    const auto other = instead.run();
    REQUIRE(other);
    CHECK(other->text.contains("other on " + key));
    CHECK(instead.crew.asks.size() == 4);
  }
}

TEST_CASE("where all were skipped there is no answer") {
  TeamSettings settings = three();
  settings.failure = {.on_failure = OnFailure::skip};
  for (const auto until : {Until::all, Until::any}) {
    settings.join.until = until;
    PatternRun run(make_parallel, settings);
    for (const std::string member : {"a", "b", "c"}) run.crew.by_member[member] = fakes::failed_reply("down");
    CHECK(told(run.run()) == "failed member_failed");
  }
}

TEST_CASE("a limit of the team ends all of them, whatever they join on") {
  TeamSettings settings = three({.until = Until::any});
  settings.failure = {.on_failure = OnFailure::skip};
  PatternRun run(make_parallel, settings);
  run.crew.by_key["member.2"] = TeamEnd{.status = "limit", .reason = "max_cost"};
  run.crew.held = {"member.1", "member.3"};
  CHECK(told(run.run()) == "limit max_cost");
}

TEST_CASE("the answer that most gave wins, whoever was first") {
  const TeamSettings settings = three({.reduce = Reduce::vote});
  PatternRun run(make_parallel, settings);
  run.crew.by_key["member.1"] = fakes::reply("No.");
  run.crew.by_key["member.2"] = fakes::reply("Yes.");
  run.crew.by_key["member.3"] = fakes::reply(" yes");
  CHECK(told(run.run()) == "done Yes.");
}

TEST_CASE("a reducer is no part of the fan-out, and is asked with all results") {
  TeamSettings settings = three({.reducer = "c"});
  PatternRun run(make_parallel, settings);
  run.crew.by_key["reduce"] = fakes::reply("together", {{"n", 2}});
  const auto answer = run.run("why?");
  REQUIRE(answer);
  CHECK(answer->text == "together");
  CHECK(answer->data == Json{{"n", 2}});
  CHECK_FALSE(run.crew.asked("member.3"));
  CHECK(run.crew.text_of("reduce").contains("why?"));
  CHECK(run.crew.text_of("reduce").contains("> a on member.1"));
  CHECK(run.crew.text_of("reduce").contains("> b on member.2"));
  settings.failure = {.on_failure = OnFailure::skip};
  PatternRun without(make_parallel, settings);
  without.crew.by_key["reduce"] = fakes::failed_reply("down");
  CHECK(told(without.run()) == "done ## a\n\na on member.1\n\n## b\n\nb on member.2");
}

TEST_CASE("what is done at once comes to the same again from wherever a process ended") {
  for (const auto until : {Until::all, Until::any, Until::quorum}) {
    for (const auto reduce : {Reduce::concat, Reduce::first, Reduce::vote}) {
      const TeamSettings settings = three({.until = until, .quorum = 2, .reduce = reduce});
      check_resumes(make_parallel, settings,
                    [](fakes::FakeCrew& crew) { crew.turns = {{"member.1", 6}, {"member.2", 4}}; });
    }
  }
  TeamSettings settings = tasks();
  settings.join.reducer = "c";
  settings.failure = {.on_failure = OnFailure::retry};
  const Script script = [](fakes::FakeCrew& crew) {
    crew.by_key["task.2"] = fakes::failed_reply("it broke");
    crew.turns = {{"task.1", 5}};
  };
  check_resumes(make_parallel, settings, script);
  check_stops(make_parallel, settings, script);
}

TEST_CASE("which were first is decided once, also when all would be there at once after a restart") {
  const TeamSettings settings = three({.until = Until::any});
  PatternRun first(make_parallel, settings);
  first.crew.turns = {{"member.1", 9}, {"member.2", 9}};
  CHECK(told(first.run()) == "done c on member.3");
  PatternRun again(make_parallel, settings);
  again.crew.records = first.crew.records;
  again.crew.records.all.push_back({.key = "member.1", .outcome = fakes::reply("late")});
  CHECK(told(again.run()) == "done c on member.3");
  CHECK(again.crew.keys == std::vector<std::string>{"member.3"});
}
