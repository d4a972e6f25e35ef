#include "agents/teams/section.h"
#include "runtime/config/yaml_text.h"
#include "tests/agents/teams/team_text.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;
using namespace std::chrono_literals;

namespace {

// One team of each pattern, with every key it can have.
constexpr std::string_view kEverything = R"(
report:
  pattern: sequential
  description: writes a report
  members: [researcher, writer, editor]
  model: m
  limits: { tokens: 5000, cost: 0.5, time: 90s, turns: 7, messages: 70, parallel: 2, depth: 3, repeats: 4, stall: 5, mailbox: 6 }
  on_failure: retry
  retries: 1
  until: { any: [ { messages: 20 }, { all: [ { text: TERMINATE }, { not: { speaker: editor } } ] }, { time: 5m } ] }
  delegate: { editor: [writer] }
  ask: { writer: [researcher, editor] }
  tell: { writer: [editor] }
  publish: { researcher: [findings, { prefix: alert. }, everybody] }
  subscriptions: { writer: [findings], editor: [{ prefix: "" }] }
  board: true
  tasks:
    - { name: research, agent: researcher, description: "Research {topic}", expected_output: a list }
    - name: write
      agent: writer
      description: "Write about {research} in {words} words; {input}"
      context: []
      output_file: "out/{topic}.md"
      guardrail: [ { max_length: 100 }, { deny: foo, retries: 1 } ]
      on_failure: substitute
      substitute: editor
    - { agent: editor, description: "Check it", context: [research, write], guardrail: { require: bar }, on_failure: fail }
panel:
  pattern: parallel
  members: [a, b, c]
  join: { quorum: 2 }
  reduce: vote
  until: { tokens: 100 }
race: { pattern: parallel, tasks: [ { agent: a, description: x }, { agent: a, description: y } ], join: any, reducer: b }
desk: { pattern: supervisor, members: [a, b], manager: c, expected_output: short, until: { cost: 0.5 } }
line: { pattern: handoff, members: [a, b], start: b, handoffs: { a: [b], b: [a] }, history: { last: 4 }, until: { turns: 9 } }
plain: { pattern: handoff, members: [a, b], history: none }
circle: { pattern: round_robin, members: [a], rounds: 3, on_failure: skip }
pick: { pattern: selector, members: [a, b], selector: c, rules: [ { after: a, match: "yes|no", speaker: b }, { speaker: a } ], repeat_speaker: true }
court: { pattern: debate, members: [a, b], positions: { a: pro, b: "no" }, rounds: 2, judge: c }
flow:
  pattern: graph
  nodes:
    plan: { run: a, text: "Plan {input} for {who}" }
    each: { run: b, text: "Do {item}", map: plan/steps, output_file: "{who}.txt", on_failure: retry, retries: 2 }
    call: { tool: calc, input: { expression: "{plan}", at: 3, deep: [ "{key}" ] } }
    judge: { person: "Good enough, {boss}?" }
  start: plan
  edges:
    - { from: plan, to: each }
    - { from: each, to: call }
    - { from: call, to: judge }
    - { from: judge, to: plan, most: 3, when: { any: [ { equals: "no" }, { not: { of: plan, at: /steps, exists: true } } ] } }
    - { from: judge, to: end, when: { all: [ { differs: "no" }, { contains: y }, { matches: "y.*" }, { of: board.n, less: 3 }, { at: /n, more: 0.5 }, { in: [ yes please, 1, null ] } ] } }
    - { from: judge, to: call, most: 1, when: { equals: null } }
)";

}  // namespace

TEST_CASE("every key of every pattern reaches its setting") {
  const ReadTeams read = read_teams(kEverything);
  for (const std::string& problem : read.problems) FAIL(problem);

  const TeamSettings& report = read.settings.at("report");
  CHECK(report.name == "report");
  CHECK(report.pattern == PatternKind::sequential);
  CHECK(report.members == std::vector<std::string>{"researcher", "writer", "editor"});
  CHECK(report.model == "m");
  CHECK(report.limits.tokens == 5000);
  CHECK(report.limits.cost == 0.5);
  CHECK(report.limits.time == 90s);
  CHECK(report.limits.turns == 7);
  CHECK(report.limits.messages == 70);
  CHECK(report.limits.parallel == 2);
  CHECK(report.limits.depth == 3);
  CHECK(report.limits.repeats == 4);
  CHECK(report.limits.stall == 5);
  CHECK(report.limits.mailbox == 6);
  CHECK(report.failure.on_failure == OnFailure::retry);
  REQUIRE(report.until);
  REQUIRE(report.until->parts.size() == 3);
  CHECK(report.until->parts[0].kind == UntilSettings::Kind::messages);
  CHECK(report.until->parts[0].count == 20);
  CHECK(report.until->parts[1].kind == UntilSettings::Kind::all);
  CHECK(report.until->parts[1].parts[1].parts[0].text == "editor");
  CHECK(report.until->parts[2].time == 5min);
  CHECK(report.delegate.at("editor") == std::vector<std::string>{"writer"});
  CHECK(report.ask.at("writer").size() == 2);
  CHECK(report.tell.at("writer") == std::vector<std::string>{"editor"});
  CHECK(report.publish.at("researcher") ==
        std::vector<TopicPattern>{{"findings"}, {"alert.", true}, {"everybody"}});
  CHECK(report.subscriptions.at("writer") == std::vector<TopicPattern>{{"findings"}});
  CHECK(report.subscriptions.at("editor") == std::vector<TopicPattern>{{"", true}});
  CHECK(report.board);
  REQUIRE(report.tasks.size() == 3);
  CHECK_FALSE(report.tasks[0].context_given);
  CHECK_FALSE(report.tasks[0].failure);
  CHECK(report.tasks[1].context_given);
  CHECK(report.tasks[1].context.empty());
  CHECK(report.tasks[1].guardrail[1].retries == 1);
  CHECK(report.tasks[1].failure->substitute == "editor");
  CHECK(report.tasks[2].guardrail.front().require == "bar");
  CHECK(report.tasks[2].failure->on_failure == OnFailure::fail);

  CHECK(read.settings.at("panel").join.until == JoinSettings::Until::quorum);
  CHECK(read.settings.at("panel").join.quorum == 2);
  CHECK(read.settings.at("panel").join.reduce == JoinSettings::Reduce::vote);
  CHECK(read.settings.at("race").join.until == JoinSettings::Until::any);
  CHECK(read.settings.at("race").join.reducer == "b");
  CHECK(read.settings.at("desk").manager == "c");
  CHECK(read.settings.at("line").history.kind == HistorySettings::Kind::last);
  CHECK(read.settings.at("line").history.messages == 4);
  CHECK(read.settings.at("plain").history.kind == HistorySettings::Kind::none);
  CHECK(read.settings.at("circle").rounds == 3);
  CHECK(read.settings.at("pick").rules[0].match == "yes|no");
  CHECK(read.settings.at("pick").repeat_speaker);
  CHECK(read.settings.at("court").positions.at("b") == "no");

  const TeamSettings& flow = read.settings.at("flow");
  CHECK(flow.nodes.at("each").map == "plan/steps");
  CHECK(flow.nodes.at("each").failure->retries == 2);
  CHECK(flow.nodes.at("judge").name == "judge");
  CHECK(flow.edges[3].most == 3);
  using Test = ConditionSettings::Test;
  CHECK(flow.edges[3].when->parts[1].parts[0].pointer == "/steps");
  const auto& all = flow.edges[4].when->parts;
  CHECK(all[2].test == Test::matches);
  CHECK(all[3].of == "board.n");
  CHECK(all[3].value == 3);
  CHECK(all[5].value == Json::parse(R"(["yes please",1,null])"));
  CHECK(flow.edges[5].when->value.is_null());
}

TEST_CASE("what is shown of a team reads back to the same, as YAML and as JSON") {
  const ReadTeams first = read_teams(kEverything);
  const Json shown = teams_section()->show(first.settings);
  for (const std::string& written : {config::yaml_text(shown), dump(shown)}) {
    CAPTURE(written);
    const ReadTeams again = read_teams(written);
    REQUIRE(again.problems == std::vector<std::string>{});
    CHECK(teams_section()->show(again.settings) == shown);
    CHECK(again.settings.at("report").tasks[1].context_given);
    CHECK(again.settings.at("report").tasks[2].failure);
    CHECK(again.settings.at("flow").edges[5].when);
  }
}

TEST_CASE("defaults are those of the specification") {
  const TeamSettings one = team("pattern: round_robin, members: [a]");
  CHECK(one.limits.tokens == 1'000'000);
  CHECK(one.limits.cost == 0);
  CHECK(one.limits.time == 15min);
  CHECK(one.failure.on_failure == OnFailure::fail);
  CHECK_FALSE(one.until);
  CHECK_FALSE(one.board);
  CHECK(one.rounds == 0);
}

TEST_CASE("a team without a pattern, or with another one than there is, says which there are") {
  CHECK(read_teams("t: { members: [a] }").problems ==
        std::vector<std::string>{"1:4 team `t`: `pattern` is missing; it is one of `sequential`, `parallel`, "
                                 "`supervisor`, `handoff`, `round_robin`, `selector`, `debate` and `graph`"});
  CHECK(problem("process: sequential") ==
        "unknown key `process` in team `t`; it is called `pattern`, one of `sequential`, `parallel`, "
        "`supervisor`, `handoff`, `round_robin`, `selector`, `debate` and `graph`");
  CHECK(problem("pattern: hand_off, members: [a, b]").find("did you mean `handoff`?") != std::string::npos);
  CHECK(read_teams("t: sequential").problems ==
        std::vector<std::string>{"1:4 team `t`: expected a map with `pattern`, got a single value"});
}

TEST_CASE("a key of another pattern says where it belongs") {
  CHECK(problem("pattern: round_robin, members: [a], tasks: []") ==
        "unknown key `tasks` in team `t`; it belongs to `pattern: sequential` and `pattern: parallel`");
  CHECK(problem("pattern: handoff, members: [a, b], manager: c") ==
        "unknown key `manager` in team `t`; it belongs to `pattern: supervisor`");
  CHECK(problem("pattern: supervisor, model: m, members: [a], start: a") ==
        "unknown key `start` in team `t`; it belongs to `pattern: handoff` and `pattern: graph`");
  CHECK(problem("pattern: parallel, tasks: [ { agent: a, description: x, context: [b] } ]") ==
        "unknown key `context` in `tasks[0]` of team `t`; it is for `pattern: sequential`; tasks that run at "
        "once do not read each other");
}

TEST_CASE("words of other frameworks are told what they are called here") {
  const std::string circle = "pattern: round_robin, members: [a], ";
  CHECK(problem(circle + "agents: [b]") == "unknown key `agents` in team `t`; it is called `members`");
  CHECK(problem(circle + "process: x") == "unknown key `process` in team `t`; it is called `pattern`");
  CHECK(problem(circle + "manager_agent: x") ==
        "unknown key `manager_agent` in team `t`; it is called `manager`");
  CHECK(problem(circle + "max_rounds: 3") == "unknown key `max_rounds` in team `t`; it is called `rounds`");
  CHECK(problem(circle + "termination: x") == "unknown key `termination` in team `t`; it is called `until`");
  CHECK(
      problem(circle + "speaker_selection: auto") ==
      "unknown key `speaker_selection` in team `t`; it is `pattern: selector`, with `rules`, a `selector` or "
      "a `model`");
  CHECK(problem(circle + "limits: { max_turns: 3 }") ==
        "unknown key `max_turns` in `limits` of team `t`; it is called `turns`");
  CHECK(problem(circle + "membres: [b]") == "unknown key `membres` in team `t`; did you mean `members`?");
  CHECK(
      problem("pattern: sequential, tasks: [ { agent: a, description: x, output_pydantic: Y } ]") ==
      "unknown key `output_pydantic` in `tasks[0]` of team `t`; it is `output: { schema: … }` of the agent");
}

TEST_CASE("what a team does about a failure is said whole") {
  const std::string circle = "pattern: round_robin, members: [a], ";
  CHECK(problem(circle + "retries: 1") == "`retries` of team `t`: is for `on_failure: retry`");
  CHECK(problem(circle + "on_failure: skip, substitute: b") ==
        "`substitute` of team `t`: is for `on_failure: substitute`");
  CHECK(problem(circle + "on_failure: substitute") ==
        "`on_failure` of team `t`: `substitute` needs a `substitute` beside it: who is asked instead");
  CHECK(
      problem(circle + "on_failure: stop").find("expected one of `fail`, `skip`, `retry` and `substitute`") !=
      std::string::npos);
  CHECK(problem("pattern: sequential, tasks: [ { agent: a, description: x, retries: 3 } ]") ==
        "`tasks[0].retries` of team `t`: is for `on_failure: retry`");
  CHECK(problem(circle + "on_failure: retry, retries: 0").find("`retries` of team `t`: ") == 0);
}

TEST_CASE("a condition says one thing; several are joined by any or all") {
  const std::string circle = "pattern: round_robin, members: [a], ";
  CHECK(problem(circle + "until: { messages: 20, time: 5m }") ==
        "`until` of team `t`: `time` stands beside `messages`; write `any: [ { messages: … }, { time: … } ]` "
        "where one of them is enough, `all: [ … ]` where both must hold");
  CHECK(problem(circle + "until: { mesages: 20 }") ==
        "`until` of team `t`: unknown condition `mesages`; did you mean `messages`?");
  CHECK(problem(circle + "until: { any: [] }") ==
        "`until.any` of team `t`: has no conditions; write at least one");
  CHECK(problem(circle + "until: {}").find("`until` of team `t`: is empty; write one of `messages`") == 0);
  CHECK(problem(circle + "until: 20") ==
        "`until` of team `t`: expected a condition such as `{ messages: 20 }`, got a single value");
  CHECK(problem(circle + "until: { time: 5 }").find("`until.time` of team `t`: ") == 0);
  CHECK(problem(circle + "until: { all: [ { turns: 0 } ] }").find("`until.all[0].turns` of team `t`: ") == 0);
  CHECK(problem(circle + "until: { any: [ { not: { speaker: b } } ] }") ==
        "`until.any[0].not.speaker` of team `t`: `b` is no member of this team; there is `a`");
}

TEST_CASE("conditions in conditions are read only so deep") {
  auto nested = [](int depth) {
    std::string text = "{ turns: 1 }";
    for (int i = 0; i < depth; ++i) text = "{ not: " + text + " }";
    return "pattern: round_robin, members: [a], until: " + text;
  };
  CHECK(team(nested(limits::kUntilDepth)).until);
  CHECK(problem(nested(limits::kUntilDepth + 1)).find("unknown condition `not`") != std::string::npos);
}

TEST_CASE("a file's path stays below its folder") {
  auto with = [](const std::string& path) {
    return "pattern: sequential, tasks: [ { agent: a, description: x, output_file: '" + path + "' } ]";
  };
  CHECK(team(with("a/b..c/{topic}.md")).tasks[0].output_file == "a/b..c/{topic}.md");
  CHECK(problem(with("/etc/passwd")).find("a path below `artifacts` is relative") != std::string::npos);
  CHECK(problem(with("a/../../b")).find("`..` leads out of `artifacts`") != std::string::npos);
  CHECK(problem(with("..")).find("`..` leads out of `artifacts`") != std::string::npos);
  CHECK(problem(with("~/x")).find("a path below `artifacts` is relative") != std::string::npos);
  CHECK(problem(with("out/")).find("this is a folder") != std::string::npos);
}

TEST_CASE("results are joined in one way") {
  CHECK(problem("pattern: parallel, members: [a, b], reduce: vote, reducer: c") ==
        "`reduce` of team `t`: stands beside `reducer`, which makes one of the results already; write one of "
        "them");
  CHECK(problem("pattern: parallel, members: [a, b], join: some")
            .find("`join` of team `t`: expected one of `all` and `any`") == 0);
  CHECK(problem("pattern: parallel, members: [a, b], join: { quorum: 3 }") ==
        "`join.quorum` of team `t`: 3 results are waited for, and only 2 members are asked");
  CHECK(problem("pattern: handoff, members: [a, b], history: { last: 0 }")
            .find("`history.last` of team `t`: ") == 0);
}

TEST_CASE("regular expressions are compiled when they are read") {
  CHECK(problem("pattern: selector, members: [a, b], rules: [ { match: '(', speaker: a } ]")
            .find("`rules[0].match` of team `t`: expected a regular expression, got `(`; ") == 0);
  CHECK(problem("pattern: sequential, tasks: [ { agent: a, description: x, guardrail: { deny: '[' } } ]")
            .find("`tasks[0].guardrail") == 0);
}

TEST_CASE("a run of a team must bring what its texts name, and is told where they do") {
  const ReadTeams read = read_teams(kEverything);
  CHECK(inputs_of(read.settings.at("report")) ==
        std::vector<TeamInput>{{"topic", "tasks[0].description"}, {"words", "tasks[1].description"}});
  CHECK(inputs_of(read.settings.at("flow")) == std::vector<TeamInput>{{"key", "nodes.call.input"},
                                                                      {"who", "nodes.each.output_file"},
                                                                      {"boss", "nodes.judge.person"}});
  CHECK(inputs_of(read.settings.at("circle")).empty());
}
