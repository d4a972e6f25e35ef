#include "agents/teams/patterns/conditions.h"
#include "tests/agents/teams/pattern_run.h"

using namespace troupe;
using namespace troupe::agents;

namespace {

using Test = ConditionSettings::Test;

ConditionSettings says(std::string value) {
  return {.test = Test::contains, .value = std::move(value)};
}
ConditionSettings not_says(std::string value) {
  return {.kind = ConditionSettings::Kind::negation, .parts = {says(std::move(value))}};
}

TeamSettings with(std::vector<NodeSettings> nodes, std::vector<EdgeSettings> edges) {
  TeamSettings settings{.name = "g", .start = nodes.front().name};
  for (NodeSettings& node : nodes) settings.nodes[node.name] = node;
  settings.edges = std::move(edges);
  return settings;
}

// draft → review → draft until it says OK, then print.
TeamSettings loop_of_two(int most = 3) {
  return with({{.name = "draft", .run = "writer", .text = "Write {topic}. Remarks: {review}"},
               {.name = "review", .run = "editor", .text = "Judge: {draft}"},
               {.name = "print", .run = "printer"}},
              {{.from = "draft", .to = "review"},
               {.from = "review", .to = "draft", .when = not_says("OK"), .most = most},
               {.from = "review", .to = "print", .when = says("OK")},
               {.from = "print", .to = "end"}});
}

TeamSettings diamond() {
  return with({{.name = "plan", .run = "p"},
               {.name = "left", .run = "l"},
               {.name = "left2", .run = "l2"},
               {.name = "right", .run = "r"},
               {.name = "join", .run = "j"}},
              {{.from = "plan", .to = "left"},
               {.from = "plan", .to = "right"},
               {.from = "left", .to = "left2"},
               {.from = "left2", .to = "join"},
               {.from = "right", .to = "join"},
               {.from = "join", .to = "end"}});
}

TeamSettings mapped() {
  TeamSettings settings =
      with({{.name = "list", .run = "lister"},
            {.name = "each", .run = "worker", .text = "Do {item} of {input}", .map = "list/items"},
            {.name = "sum", .run = "summer"}},
           {{.from = "list", .to = "each"}, {.from = "each", .to = "sum"}, {.from = "sum", .to = "end"}});
  settings.limits.parallel = 2;
  return settings;
}

void lists_three(fakes::FakeCrew& crew) {
  crew.by_key["list.1"] = fakes::reply("three", {{"items", {"a", {{"n", 1}}, "c"}}});
  crew.by_key["each.1.2"] = fakes::reply("two", {{"done", true}});
}

void reviews_twice(fakes::FakeCrew& crew) {
  crew.by_key["review.1"] = fakes::reply("too long");
  crew.by_key["review.2"] = fakes::reply("OK");
}

const Json kInputs = {{"topic", "tea"}};

}  // namespace

TEST_CASE("a loop goes on until its condition is met, with keys by node and visit") {
  const TeamSettings settings = loop_of_two();
  PatternRun run(make_graph, settings);
  reviews_twice(run.crew);
  CHECK(told(run.run("the message", kInputs)) == "done printer on print.1");
  CHECK(run.crew.keys == std::vector<std::string>{"draft.1", "review.1", "draft.2", "review.2", "print.1"});
  CHECK(run.crew.text_of("draft.1") == "Write tea. Remarks: (nothing yet)");
  CHECK(run.crew.text_of("draft.2") == "Write tea. Remarks: too long");
  CHECK(run.crew.text_of("review.2") == "Judge: writer on draft.2");
}

TEST_CASE("a node without a text is told the request and what the nodes before it gave") {
  const TeamSettings settings = diamond();
  PatternRun run(make_graph, settings);
  REQUIRE(run.run("why?"));
  CHECK(run.crew.text_of("plan.1") == "why?");
  CHECK(run.crew.text_of("join.1").starts_with("why?\n\nResults of others"));
  CHECK(run.crew.text_of("join.1").contains("Result of `left2`:\n> l2 on left2.1"));
  CHECK(run.crew.text_of("join.1").contains("Result of `right`:\n> r on right.1"));
}

TEST_CASE("branches are at work at once, and the node that joins them runs once, after all of them") {
  const TeamSettings settings = diamond();
  for (const std::string slow : {"left.1", "right.1"}) {
    PatternRun run(make_graph, settings);
    run.crew.turns = {{slow, 20}};
    CHECK(told(run.run()) == "done j on join.1");
    CHECK(run.crew.most_at_work == 2);
    CHECK(run.crew.keys.back() == "join.1");
    CHECK(run.crew.keys.size() == 5);
  }
}

TEST_CASE("no more nodes are at work at once than the limit says") {
  TeamSettings settings = diamond();
  settings.limits.parallel = 1;
  PatternRun run(make_graph, settings);
  REQUIRE(run.run());
  CHECK(run.crew.most_at_work == 1);
}

TEST_CASE("a loop that is through without its condition met says what was looked at") {
  const TeamSettings settings = loop_of_two(2);
  PatternRun run(make_graph, settings);
  run.crew.by_member["editor"] = fakes::reply("no");
  const auto end = run.run("the message", kInputs);
  CHECK(told(end) == "failed no_edge");
  CHECK(end.error().detail ==
        "teams.g: no edge applies after `review.3`; to `draft`: taken 2 times, the most it may be; to "
        "`print`: review contains \"OK\": it is \"no\"");
}

TEST_CASE("a loop without a bound of its own ends at that of all edges") {
  const TeamSettings settings =
      with({{.name = "a", .tool = "t", .input = Json::object()}}, {{.from = "a", .to = "a"}});
  PatternRun run(make_graph, settings);
  CHECK(told(run.run()) == "failed no_edge");
  CHECK(run.crew.calls.size() == limits::kGraphEdgeTimes + 1);
}

TEST_CASE("several last nodes are put together in the order of the graph, and one without edges is one") {
  const TeamSettings settings =
      with({{.name = "s", .run = "s"}, {.name = "z", .run = "z"}, {.name = "a", .run = "a"}},
           {{.from = "s", .to = "z"}, {.from = "s", .to = "a"}, {.from = "z", .to = "end"}});
  PatternRun run(make_graph, settings);
  run.crew.turns = {{"z.1", 9}};
  const auto answer = run.run();
  REQUIRE(answer);
  CHECK(answer->text.contains("## z\n\nz on z.1"));
  CHECK(answer->text.contains("## a\n\na on a.1"));
  PatternRun other(make_graph, settings);
  other.crew.turns = {{"a.1", 9}};
  CHECK(told(other.run()) == told(answer));
}

TEST_CASE("the answer has the data and the citations of the last node") {
  const TeamSettings settings = with({{.name = "a", .run = "a"}}, {{.from = "a", .to = "end"}});
  PatternRun run(make_graph, settings);
  Reply last = fakes::reply("{\"n\":1}", {{"n", 1}});
  last.citations = Json::array({"x"});
  run.crew.by_key["a.1"] = last;
  const auto answer = run.run();
  REQUIRE(answer);
  CHECK(answer->data == Json{{"n", 1}});
  CHECK(answer->citations == Json::array({"x"}));
}

TEST_CASE("tools get texts of nodes in their input, and a person is asked by a tool") {
  const TeamSettings settings =
      with({{.name = "find", .tool = "web", .input = {{"q", "{topic}"}, {"n", 3}, {"more", {"{input}"}}}},
            {.name = "ask", .person = "Is {find} right?"}},
           {{.from = "find", .to = "ask"}, {.from = "ask", .to = "end"}});
  PatternRun run(make_graph, settings);
  run.crew.by_key["find.1"] = fakes::reply("green");
  run.crew.by_key["ask.1"] = fakes::reply("yes");
  CHECK(told(run.run("why?", kInputs)) == "done yes");
  CHECK(run.crew.calls[0].input == Json{{"q", "tea"}, {"n", 3}, {"more", {"why?"}}});
  CHECK(run.crew.calls[1].tool == "ask_human");
  CHECK(run.crew.calls[1].input == Json{{"question", "Is green right?"}});
}

TEST_CASE("a node that runs over a list gives a list, item by item in its place") {
  const TeamSettings settings = mapped();
  PatternRun run(make_graph, settings);
  lists_three(run.crew);
  run.crew.turns = {{"each.1.1", 9}};
  REQUIRE(run.run("work"));
  CHECK(run.crew.text_of("each.1.1") == "Do a of work");
  CHECK(run.crew.text_of("each.1.2") == R"(Do {"n":1} of work)");
  CHECK(std::ranges::find(run.crew.asks, "each.1.3", &Ask::key)->to == "worker#3");
  CHECK(run.crew.most_at_work == 2);
  CHECK(run.crew.text_of("sum.1").contains(
      "Result of `each`:\n> worker on each.1.1\n> \n> two\n> \n> worker#3 on each.1.3"));
}

TEST_CASE("the data of a list's node keeps the place of an item that was skipped") {
  TeamSettings settings = mapped();
  settings.nodes["each"].failure = FailurePolicy{.on_failure = OnFailure::skip};
  settings.edges[1].to = "end";
  PatternRun run(make_graph, settings);
  lists_three(run.crew);
  run.crew.by_key["each.1.1"] = fakes::failed_reply("down");
  const auto answer = run.run();
  REQUIRE(answer);
  CHECK(answer->data == Json::array({nullptr, {{"done", true}}, "worker#3 on each.1.3"}));
}

TEST_CASE("an item that fails stops the others of its list") {
  const TeamSettings settings = mapped();
  PatternRun run(make_graph, settings);
  lists_three(run.crew);
  run.crew.by_key["each.1.2"] = fakes::failed_reply("down");
  run.crew.held = {"each.1.1"};
  const auto end = run.run();
  CHECK(told(end) == "failed member_failed");
  CHECK(end.error().detail.contains("each.1.2"));
  CHECK_FALSE(run.crew.asked("each.1.3"));
}

TEST_CASE("a list can be a text, can be empty, and must be there") {
  const TeamSettings settings = mapped();
  const auto ends = [&](const std::string& text) {
    PatternRun run(make_graph, settings);
    run.crew.by_key["list.1"] = fakes::reply(text);
    return told(run.run());
  };
  CHECK(ends(R"({"items": ["a"]})") == "done summer on sum.1");
  CHECK(ends(R"({"items": []})") == "done summer on sum.1");
  CHECK(ends(R"({"items": 3})") == "failed no_list");
  CHECK(ends("no list") == "failed no_list");
  Json many = Json::array();
  for (std::size_t i = 0; i <= limits::kMapItems; ++i) many.push_back(i);
  CHECK(ends(dump(Json{{"items", many}})) == "failed no_list");
}

TEST_CASE("results are written, of a list one by one where the name has the item in it") {
  TeamSettings settings = mapped();
  settings.nodes["each"].output_file = "{item}.md";
  settings.nodes["sum"].output_file = "sum/{topic}.md";
  PatternRun run(make_graph, settings);
  run.crew.by_key["list.1"] = fakes::reply("", {{"items", {"a", "../b"}}});
  REQUIRE(run.run("work", kInputs));
  CHECK(run.crew.files == std::map<std::string, std::string>{{"a.md", "worker on each.1.1"},
                                                             {"___b.md", "worker#2 on each.1.2"},
                                                             {"sum/tea.md", "summer on sum.1"}});
  settings.nodes["each"].output_file = "all.md";
  PatternRun whole(make_graph, settings);
  whole.crew.by_key["list.1"] = fakes::reply("", {{"items", {"a", "b"}}});
  REQUIRE(whole.run("work", kInputs));
  CHECK(whole.crew.files.at("all.md") == "worker on each.1.1\n\nworker#2 on each.1.2");
  PatternRun full(make_graph, settings);
  full.crew.by_key["list.1"] = fakes::reply("", {{"items", {"a", "b"}}});
  full.crew.by_key["sum.1.file"] = TeamEnd{.status = "failed", .reason = "output_file"};
  CHECK(told(full.run("work", kInputs)) == "failed output_file");
}

TEST_CASE("conditions see the data of other nodes and the blackboard") {
  TeamSettings settings =
      with({{.name = "a", .run = "a"}, {.name = "b", .run = "b"}, {.name = "c", .run = "c"}},
           {{.from = "a", .to = "b"},
            {.from = "b",
             .to = "c",
             .when = ConditionSettings{.of = "a", .pointer = "/n", .test = Test::more, .value = 1}},
            {.from = "b", .to = "end", .when = ConditionSettings{.of = "board.stop", .test = Test::exists}}});
  PatternRun run(make_graph, settings);
  run.crew.by_key["a.1"] = fakes::reply("{\"n\": 2}");
  CHECK(told(run.run()) == "done c on c.1");
  PatternRun other(make_graph, settings);
  REQUIRE(other.crew.board().write("stop", true, "a", "k"));
  CHECK(told(other.run()) == "done b on b.1");
}

TEST_CASE("a name that is no node and no input ends the team at the node that has it") {
  const TeamSettings settings = loop_of_two();
  PatternRun run(make_graph, settings);
  const auto end = run.run();
  CHECK(told(end) == "failed bad_placeholder");
  CHECK(end.error().detail.starts_with("teams.g, node `draft`, text names {topic}"));
}

TEST_CASE("each node that fails does as its policy says, and other branches are stopped") {
  for (const std::string key : {"plan.1", "left.1", "left2.1", "right.1", "join.1"}) {
    CAPTURE(key);
    TeamSettings settings = diamond();
    PatternRun fails(make_graph, settings);
    fails.crew.by_key[key] = fakes::failed_reply("it broke");
    if (key == "right.1") fails.crew.held = {"left.1"};
    const auto end = fails.run();
    CHECK(told(end) == "failed member_failed");
    CHECK(end.error().detail.contains(key));

    settings.failure = {.on_failure = OnFailure::skip};
    PatternRun skips(make_graph, settings);
    skips.crew.by_key[key] = fakes::failed_reply("it broke");
    CHECK(told(skips.run()) == (key == "join.1" ? "done " : "done j on join.1"));

    settings.failure = {.on_failure = OnFailure::retry};
    PatternRun retries(make_graph, settings);
    retries.crew.by_key[key] = fakes::failed_reply("it broke");
    CHECK(told(retries.run()).starts_with("done j on join.1"));
    CHECK(retries.crew.asked(key + ".again1"));

    settings.failure = {.on_failure = OnFailure::substitute, .substitute = "other"};
    PatternRun instead(make_graph, settings);
    instead.crew.by_key[key] = fakes::failed_reply("it broke");
    CHECK(told(instead.run()).starts_with("done "));
    CHECK(instead.crew.asked(key + ".instead"));
  }
}

TEST_CASE("a limit of the team ends every branch") {
  TeamSettings settings = diamond();
  settings.failure = {.on_failure = OnFailure::skip};
  PatternRun run(make_graph, settings);
  run.crew.by_key["right.1"] = TeamEnd{.status = "limit", .reason = "max_tokens"};
  run.crew.held = {"left.1"};
  CHECK(told(run.run()) == "limit max_tokens");
}

TEST_CASE("graphs go the same way again from wherever a process ended, and stop where they are") {
  check_resumes(make_graph, loop_of_two(), reviews_twice, kInputs);
  check_stops(make_graph, loop_of_two(), reviews_twice, kInputs);
  for (const std::string slow : {"left.1", "right.1"}) {
    const Script script = [&](fakes::FakeCrew& crew) { crew.turns = {{slow, 20}}; };
    check_resumes(make_graph, diamond(), script);
    check_stops(make_graph, diamond(), script);
  }
  check_resumes(make_graph, mapped(), lists_three);
  check_stops(make_graph, mapped(), lists_three);
  // One that fails comes to the same end again.
  check_resumes(
      make_graph, loop_of_two(1),
      [](fakes::FakeCrew& crew) { crew.by_member["editor"] = fakes::reply("no"); }, kInputs);
}

TEST_CASE("which edges were taken is decided once, whatever the blackboard says after a restart") {
  const ConditionSettings flag{.of = "board.flag", .test = Test::exists};
  const TeamSettings settings =
      with({{.name = "a", .run = "a"}, {.name = "b", .run = "b"}, {.name = "c", .run = "c"}},
           {{.from = "a", .to = "b", .when = flag},
            {.from = "a",
             .to = "c",
             .when = ConditionSettings{.kind = ConditionSettings::Kind::negation, .parts = {flag}}}});
  PatternRun first(make_graph, settings);
  CHECK(told(first.run()) == "done c on c.1");
  PatternRun again(make_graph, settings);
  again.crew.records = first.crew.records;
  REQUIRE(again.crew.board().write("flag", 1, "a", "k"));
  CHECK(told(again.run()) == "done c on c.1");
  CHECK(again.crew.asks.empty());
}

TEST_CASE("loops side by side have their own turns, and the node that begins both waits for both") {
  // hub → a, b; each comes back; the hub ends it in its second turn.
  const TeamSettings settings =
      with({{.name = "hub", .run = "hub"}, {.name = "a", .run = "a"}, {.name = "b", .run = "b"}},
           {{.from = "hub", .to = "a", .when = not_says("enough")},
            {.from = "hub", .to = "b", .when = not_says("enough")},
            {.from = "a", .to = "hub", .most = 5},
            {.from = "b", .to = "hub", .most = 5},
            {.from = "hub", .to = "end", .when = says("enough")}});
  for (const std::string slow : {"a.1", "b.1"}) {
    const Script script = [&](fakes::FakeCrew& crew) {
      crew.by_key["hub.2"] = fakes::reply("enough");
      crew.turns = {{slow, 20}};
    };
    PatternRun run(make_graph, settings);
    script(run.crew);
    CHECK(told(run.run()) == "done enough");
    CHECK(run.crew.keys.size() == 4);
    CHECK(run.crew.most_at_work == 2);
    CHECK(run.crew.text_of("hub.2").contains("> a on a.1"));
    CHECK(run.crew.text_of("hub.2").contains("> b on b.1"));
    check_resumes(make_graph, settings, script);
  }
}
