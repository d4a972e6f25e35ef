#include "agents/teams/structure.h"

#include "tests/agents/teams/team_text.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

std::string sequential(const std::string& tasks) {
  return "pattern: sequential, tasks: [ " + tasks + " ]";
}

std::string graph(const std::string& nodes, const std::string& edges) {
  return "pattern: graph, start: a, nodes: { " + nodes + " }, edges: [ " + edges + " ]";
}

const std::string kTwo = "a: { run: x }, b: { run: y }";
const std::string kWay = "{ from: a, to: b }, { from: b, to: end }";

}  // namespace

TEST_CASE("names of members are held against the team") {
  CHECK(problem("pattern: round_robin, members: [a, b, a]") ==
        "`members[2]` of team `t`: `a` is listed twice");
  CHECK(problem("pattern: handoff, members: [writer, editor], start: writr") ==
        "`start` of team `t`: `writr` is no member of this team; did you mean `writer`?");
  CHECK(problem("pattern: handoff, members: [a, b], handoffs: { c: [a] }") ==
        "`handoffs.c` of team `t`: `c` is no member of this team; there is `a` and `b`");
  CHECK(problem("pattern: handoff, members: [a, b], handoffs: { a: [b, a] }") ==
        "`handoffs.a[1]` of team `t`: `a` stands there for itself");
  CHECK(problem("pattern: round_robin, members: [a, b], delegate: { a: [c] }") ==
        "`delegate.a[0]` of team `t`: `c` is no member of this team; there is `a` and `b`");
  CHECK(problem("pattern: round_robin, members: [a, b], ask: { a: [b, b] }") ==
        "`ask.a[1]` of team `t`: `b` is listed twice");
  CHECK(problem("pattern: selector, model: m, members: [a, b], rules: [ { after: c, speaker: a } ]") ==
        "`rules[0].after` of team `t`: `c` is no member of this team; there is `a` and `b`");
  CHECK(problem("pattern: debate, model: m, members: [a, b], positions: { c: pro }") ==
        "`positions.c` of team `t`: `c` is no member of this team; there is `a` and `b`");
}

TEST_CASE("whoever a key names for a role is a member") {
  const TeamSettings desk = team(
      "pattern: supervisor, members: [a, b], manager: c, on_failure: substitute, "
      "substitute: d, ask: { c: [a], d: [c] }");
  CHECK(members_of(desk) == std::vector<std::string>{"a", "b", "c", "d"});
  const TeamSettings tasks =
      team(sequential("{ agent: x, description: y }, { name: z, agent: w, description: y }"));
  CHECK(members_of(tasks) == std::vector<std::string>{"x", "w"});
}

TEST_CASE("a pattern needs somebody for each of its roles") {
  CHECK(problem("pattern: supervisor, members: [a]") ==
        "team `t`: needs a `manager`, a member that delegates, checks and finishes, or a `model` that one is "
        "made of");
  CHECK(
      problem("pattern: supervisor, model: m") ==
      "`members` of team `t`: `pattern: supervisor` needs at least 1 member, to whom the manager delegates");
  CHECK(problem("pattern: supervisor, manager: a, members: [a]") ==
        "`manager` of team `t`: `a` would delegate to itself; take it out of `members`");
  CHECK(problem("pattern: handoff, members: [a]") ==
        "`members` of team `t`: `pattern: handoff` needs at least 2 members, or there is nobody to hand over "
        "to");
  CHECK(problem("pattern: selector, members: [a, b]") ==
        "team `t`: needs a `selector`, a member that says who speaks next, or a `model` that one is made of");
  CHECK(problem("pattern: debate, members: [a, b]") ==
        "team `t`: needs a `judge`, a member that decides, or a `model` that one is made of");
  CHECK(problem("pattern: debate, members: [a, b], judge: a") ==
        "`judge` of team `t`: `a` would judge itself; take it out of `members`");
  CHECK(problem("pattern: parallel") == "team `t`: needs `tasks`, or `members` that are all asked the same");
  CHECK(problem(sequential("")) == "`tasks` of team `t`: needs at least one task");
  CHECK(problem("pattern: sequential") == "team `t`: `tasks` is missing");
}

TEST_CASE("a task reads from earlier ones only") {
  CHECK(
      problem(sequential(
          "{ name: a, agent: x, description: y, context: [b] }, { name: b, agent: x, description: y }")) ==
      "`tasks[0].context[0]` of team `t`: `b` is not done by then; a task reads the results of earlier ones");
  CHECK(problem(sequential("{ name: research, agent: x, description: y }, { name: b, agent: x, description: "
                           "y, context: [reserch] }")) ==
        "`tasks[1].context[0]` of team `t`: no task is called `reserch`; did you mean `research`?");
  CHECK(problem(sequential("{ agent: x, description: y, context: [zzzz] }")) ==
        "`tasks[0].context[0]` of team `t`: no task is called `zzzz`; it is the first one");
  CHECK(problem(sequential(
            "{ name: a, agent: x, description: y }, { agent: z, description: y, context: [a, a] }")) ==
        "`tasks[1].context[1]` of team `t`: `a` is listed twice");
  CHECK(problem(sequential(
            "{ name: a, agent: x, description: 'of {b}' }, { name: b, agent: x, description: y }")) ==
        "`tasks[0].description` of team `t`: {b} is the result of a task that is not done by then");
  CHECK(problem("pattern: parallel, tasks: [ { name: a, agent: x, description: y }, { name: b, agent: x, "
                "description: '{a}' } ]") ==
        "`tasks[1].description` of team `t`: {a} is the result of a task that is not done by then");
  CHECK(problem(sequential(
            "{ name: a, agent: x, description: y }, { agent: z, description: y, output_file: '{a}.md' }")) ==
        "`tasks[1].output_file` of team `t`: {a} is the result of a task; a path is filled from inputs only");
}

TEST_CASE("tasks have names of their own, and files") {
  CHECK(
      problem(sequential("{ name: a, agent: x, description: y }, { name: a, agent: z, description: y }")) ==
      "`tasks[1].name` of team `t`: `a` is what tasks[0] is called already; give one of them another `name`");
  CHECK(problem(sequential("{ name: input, agent: x, description: y }"))
            .find("`input` means something else here; take another name") != std::string::npos);
  CHECK(problem(sequential("{ name: a, agent: x, description: y, output_file: f }, { name: b, agent: x, "
                           "description: y, output_file: f }")) ==
        "`tasks[1].output_file` of team `t`: `f` is what tasks[0] writes; it would be replaced");
  const TeamSettings named =
      team(sequential("{ agent: x, description: y }, { agent: z, description: y }, { agent: x, description: "
                      "y }, { name: w, agent: z, description: y }"));
  CHECK(task_names(named) == std::vector<std::string>{"1", "z", "3", "w"});
}

TEST_CASE("a node does one thing") {
  CHECK(problem(graph("a: {}", "{ from: a, to: end }")) ==
        "`nodes.a` of team `t`: does nothing; write `run` (an agent, chain or team), `tool` or `person`");
  CHECK(problem(graph("a: { run: x, tool: y }", "{ from: a, to: end }")) ==
        "`nodes.a.tool` of team `t`: is one thing too many; a node has one of `run`, `tool` and `person`");
  CHECK(problem(graph("a: { tool: x, text: y }", "{ from: a, to: end }")) ==
        "`nodes.a.text` of team `t`: is for `run`: what it is asked");
  CHECK(problem(graph("a: { run: x, input: {} }", "{ from: a, to: end }")) ==
        "`nodes.a.input` of team `t`: is for `tool`: what it is called with");
  CHECK(problem(graph("end: { run: x }, a: { run: x }", "{ from: a, to: end }"))
            .find("`end` means something else here") != std::string::npos);
}

TEST_CASE("edges name nodes") {
  CHECK(problem(graph(kTwo, "{ from: a, to: c }, { from: b, to: end }")) ==
        "`edges[0].to` of team `t`: no node is called `c`; there is `a` and `b`");
  CHECK(problem(graph(kTwo, kWay + ", { from: end, to: a }")) ==
        "`edges[2].from` of team `t`: nothing comes after `end`");
  CHECK(problem("pattern: graph, start: c, nodes: { " + kTwo + " }, edges: [ " + kWay + " ]") ==
        "`start` of team `t`: no node is called `c`; there is `a` and `b`");
  CHECK(problem(graph(kTwo, kWay + ", { from: a, to: end, when: { any: [ { of: c, exists: true } ] } }")) ==
        "`edges[2].when.any[0].of` of team `t`: no node is called `c`; there is `a` and `b`");
  CHECK(problem(graph("a: { run: x }, b: { run: y, map: c/list }", kWay)) ==
        "`nodes.b.map` of team `t`: no node is called `c`; there is `a` and `b`");
  CHECK(problem(graph("a: { run: x }, b: { run: y, map: a/li~st }", kWay))
            .find("`nodes.b.map` of team `t`: in a JSON pointer a `~` is written `~0`") == 0);
}

TEST_CASE("conditions test one thing") {
  auto when = [](const std::string& condition) {
    return graph(kTwo, kWay + ", { from: a, to: end, when: " + condition + " }");
  };
  CHECK(problem(when("{ at: x, exists: true }")).find("a JSON pointer begins with `/`") != std::string::npos);
  CHECK(problem(when("{ equals: 1, less: 2 }")) ==
        "`edges[2].when.less` of team `t`: is one test too many beside `equals`; write `all: [ { equals: … "
        "}, { "
        "less: … } ]`");
  CHECK(
      problem(when("{ of: b }")).find("`edges[2].when` of team `t`: tests nothing; write one of `equals`") ==
      0);
  CHECK(problem(when("{ equal: 1 }")) ==
        "`edges[2].when` of team `t`: unknown key `equal`; did you mean `equals`?");
  CHECK(problem(when("{ less: x }")).find("`edges[2].when.less` of team `t`: expected a number") == 0);
  CHECK(problem(when("{ in: x }")).find("`edges[2].when.in` of team `t`: expected a list of values") == 0);
  CHECK(problem(when("{ matches: '(' }")).find("expected a regular expression") != std::string::npos);
  CHECK(problem(when("{ of: a, not: 3 }")).find("another value than one is `differs`") != std::string::npos);
}

TEST_CASE("a graph comes to an end") {
  CHECK(problem(graph(kTwo, "{ from: a, to: end }")) ==
        "`nodes.b` of team `t`: no way leads here from `start`, `a`; add an edge");
  CHECK(problem(graph(kTwo, "{ from: a, to: b }")) ==
        "`edges` of team `t`: no way leads from `a` to `end`; add an edge `{ from: …, to: end }`");
  CHECK(
      problem(graph(kTwo, kWay + ", { from: b, to: a }")) ==
      "`edges[2]` of team `t`: closes a loop without a bound: `a`, `b`, `a`; give one of its edges a `most`, "
      "how often it is taken at most");
  CHECK(problem(graph("a: { run: x }", "{ from: a, to: a }, { from: a, to: end }")).find("`edges[0]`") == 0);
  CHECK(team(graph(kTwo, "{ from: a, to: b, most: 5 }, { from: b, to: end }, { from: b, to: a }"))
            .edges.size() == 3);
  // A diamond is no loop.
  CHECK(team(graph("a: { run: x }, b: { run: x }, c: { run: x }, d: { run: x }",
                   "{ from: a, to: b }, { from: a, to: c }, { from: b, to: d }, { from: c, to: d }, { from: "
                   "d, to: end }"))
            .nodes.size() == 4);
}

TEST_CASE("a team that contains itself is told with the way") {
  auto told = [](const std::string& text) {
    std::vector<std::string> all;
    for (const NestingProblem& problem : nesting_problems(read_teams(text).settings))
      all.push_back(problem.team + ": " + problem.text);
    return all;
  };
  CHECK(told("a: { pattern: round_robin, members: [a] }") ==
        std::vector<std::string>{"a: a team cannot contain itself: `a` has `a`"});
  CHECK(told("a: { pattern: round_robin, members: [x, b] }\n"
             "b: { pattern: supervisor, members: [y], manager: c }\n"
             "c: { pattern: graph, start: n, nodes: { n: { run: b } }, edges: [ { from: n, to: end } ] }") ==
        std::vector<std::string>{"b: a team cannot contain itself: `b` has `c` has `b`"});
  CHECK(told("a: { pattern: round_robin, members: [b, c] }\nb: { pattern: round_robin, members: [c] }\n"
             "c: { pattern: round_robin, members: [x] }")
            .empty());
}
