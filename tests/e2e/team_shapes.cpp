#include "tests/e2e/team_shapes.h"

#include <algorithm>
#include <limits>
#include <map>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace troupe::e2e {

std::string address_of(const TeamShape& shape, const TeamStep& step) {
  return fmt::format("{}/{}", step.team.empty() ? shape.name : step.team,
                     step.address.empty() ? step.member : step.address);
}

namespace {

constexpr bool kByMember = true;

Said for_item(const char* item, Said said) {
  said.when = item;
  return said;
}

Trace answered(const std::string& agent) {
  return {agent + " thought", agent + " answer", agent + " usage", agent + " finished done final_answer"};
}

// Its words are the answer as they are: no thought is read from them.
Trace bare_turn(const std::string& team, const std::string& member) {
  Trace trace = turn(team, member);
  std::erase(trace, fmt::format("{}/{} thought", team, member));
  return trace;
}

Trace handed_on(const std::string& team, const std::string& from, const std::string& to) {
  const std::string agent = team + "/" + from;
  const std::string handoff = fmt::format("handoff {} > {}/{}", agent, team, to);
  return {team + " > " + agent + " task",
          agent + " started",
          agent + " thought",
          agent + " action handoff",
          agent + " usage",
          agent + " " + handoff,
          agent + " observation handoff ok",
          agent + " finished done handoff",
          agent + " > " + team + " reply done",
          team + " " + handoff};
}

Trace tool_node(const std::string& team, const std::string& tool, const std::string& visit) {
  const std::string agent = fmt::format("{}/{}#{}", team, tool, visit);
  return {team + " > " + agent + " task",         agent + " started", agent + " action " + tool,
          agent + " observation " + tool + " ok", agent + " answer",  agent + " finished done final_answer",
          agent + " > " + team + " reply done"};
}

// All are asked before the first can have answered.
Trace at_once(const std::vector<Trace>& turns) {
  Trace tasks;
  Trace rest;
  for (const Trace& one : turns) {
    tasks.push_back(one.front());
    rest.insert(rest.end(), one.begin() + 1, one.end());
  }
  return tasks + rest;
}

Trace team(const std::string& name, const Trace& inner, const std::string& reason = "final_answer") {
  return Trace{name + " started"} + inner + Trace{name + " answer", name + " finished done " + reason};
}

TeamShape row() {
  return {.name = "row",
          .yaml = R"(pattern: sequential
    tasks:
      - { name: one, agent: a, description: First }
      - { name: two, agent: b, description: "Then {one}" }
      - { name: three, agent: c, description: Last })",
          .script = {{"a", {says("A")}}, {"b", {says("B")}}, {"c", {says("C")}}},
          .steps = {{"a"}, {"b"}, {"c"}},
          .answer = "C",
          .order = team("row", turn("row", "a") + turn("row", "b") + turn("row", "c"))};
}

TeamShape all() {
  return {
      .name = "all",
      .yaml = "pattern: parallel\n    members: [a, b, c]",
      .script = {{"a", {says("A")}}, {"b", {says("B")}}, {"c", {says("C")}}},
      .steps = {{.member = "a", .at_once = 1}, {.member = "b", .at_once = 1}, {.member = "c", .at_once = 1}},
      .answer = "## a\n\nA\n\n## b\n\nB\n\n## c\n\nC",
      .order = team("all", at_once({turn("all", "a"), turn("all", "b"), turn("all", "c")}))};
}

TeamShape vote() {
  TeamShape shape = all();
  shape.name = "vote";
  shape.yaml = "pattern: parallel\n    members: [a, b, c]\n    reduce: vote";
  shape.script["c"] = {says("b.")};
  shape.answer = "B";
  shape.order = team("vote", at_once({turn("vote", "a"), turn("vote", "b"), turn("vote", "c")}));
  return shape;
}

TeamShape reduced() {
  return {
      .name = "reduced",
      .yaml = "pattern: parallel\n    members: [a, b]\n    reducer: c",
      .script = {{"a", {says("A")}}, {"b", {says("B")}}, {"c", {says("C")}}},
      .steps = {{.member = "a", .at_once = 1}, {.member = "b", .at_once = 1}, {"c"}},
      .answer = "C",
      .order = team("reduced", at_once({turn("reduced", "a"), turn("reduced", "b")}) + turn("reduced", "c"))};
}

// One agent has two tasks at once: the second is its copy's.
TeamShape copies() {
  return {.name = "copies",
          .yaml = R"(pattern: parallel
    tasks:
      - { name: one, agent: a, description: item-x }
      - { name: two, agent: a, description: item-y })",
          .script = {{"a", {for_item("item-x", says("A1")), for_item("item-y", says("A2"))}}},
          .steps = {{.member = "a", .at_once = 1}, {.member = "a", .nth = 1, .address = "a#2", .at_once = 1}},
          .answer = "## one\n\nA1\n\n## two\n\nA2",
          .order = team("copies", at_once({turn("copies", "a"), turn("copies", "a#2")}))};
}

TeamShape desk() {
  const std::string manager = "desk/manager";
  const auto asked = [&](const std::string& member) {
    const std::string agent = "desk/" + member;
    return Trace{manager + " thought", manager + " action delegate", manager + " usage",
                 manager + " > " + agent + " task", agent + " started"} +
           answered(agent) +
           Trace{agent + " > " + manager + " reply done", manager + " observation delegate ok"};
  };
  return {
      .name = "desk",
      .yaml = "pattern: supervisor\n    model: m\n    members: [a, b]",
      .script = {{"m",
                  {calls("delegate", {{"to", "a"}, {"task", "part one"}}),
                   calls("delegate", {{"to", "b"}, {"task", "part two"}}), says("M")}},
                 {"a", {says("A")}},
                 {"b", {says("B")}}},
      .steps = {{.member = "m", .address = "manager", .has_tools = false},
                {.member = "a", .asked_by_member = kByMember},
                {.member = "m", .nth = 1, .address = "manager", .has_tools = false},
                {.member = "b", .asked_by_member = kByMember},
                {.member = "m", .nth = 2, .address = "manager", .has_tools = false}},
      .answer = "M",
      .order = team("desk", Trace{"desk > desk/manager task", "desk/manager started"} + asked("a") +
                                asked("b") + answered(manager) + Trace{"desk/manager > desk reply done"})};
}

TeamShape line() {
  return {
      .name = "line",
      .yaml = "pattern: handoff\n    members: [a, b, c]",
      .script = {{"a", {calls("handoff", {{"to", "b"}, {"reason", "yours"}})}},
                 {"b", {calls("handoff", {{"to", "c"}, {"reason", "yours"}})}},
                 {"c", {says("C")}}},
      .steps = {{"a"}, {"b"}, {"c"}},
      .answer = "C",
      .order = team("line", handed_on("line", "a", "b") + handed_on("line", "b", "c") + turn("line", "c"))};
}

TeamShape circle() {
  const Trace round = turn("circle", "a") + turn("circle", "b");
  return {.name = "circle",
          .yaml = "pattern: round_robin\n    members: [a, b]\n    rounds: 2",
          .script = {{"a", {says("A1"), says("A2")}}, {"b", {says("B1"), says("B2")}}},
          .steps = {{"a"}, {"b"}, {"a", 1}, {"b", 1}},
          .answer = "B2",
          .order = team("circle", round + round),
          .said_after = "circle/a > circle reply done"};
}

TeamShape ruled() {
  return {.name = "ruled",
          .yaml = R"(pattern: selector
    members: [a, b]
    rules: [ { after: a, match: one, speaker: b }, { speaker: a } ]
    until: { messages: 2 })",
          .script = {{"a", {says("one")}}, {"b", {says("two")}}},
          .steps = {{"a"}, {"b"}},
          .answer = "two",
          .order = team("ruled", turn("ruled", "a") + turn("ruled", "b"), "until"),
          .said_after = "ruled/a > ruled reply done"};
}

TeamShape chosen() {
  const Trace picks = bare_turn("chosen", "selector");
  return {.name = "chosen",
          .yaml = "pattern: selector\n    members: [a, b, c]\n    model: m\n    until: { text: DONE }",
          .script = {{"m", {{R"({"speaker": "b"})"}, {R"({"speaker": "a"})"}}},
                     {"b", {says("B")}},
                     {"a", {says("A DONE")}}},
          .steps = {{.member = "m", .address = "selector", .has_tools = false},
                    {"b"},
                    {.member = "m", .nth = 1, .address = "selector", .has_tools = false},
                    {"a"}},
          .answer = "A",
          .order = team("chosen", picks + turn("chosen", "b") + picks + turn("chosen", "a"), "until"),
          .said_after = "chosen/b > chosen reply done"};
}

TeamShape court() {
  const Trace round = at_once({turn("court", "a"), turn("court", "b")});
  return {.name = "court",
          .yaml = "pattern: debate\n    members: [a, b]\n    rounds: 2\n    model: m",
          .script = {{"a", {says("A1"), says("A2")}}, {"b", {says("B1"), says("B2")}}, {"m", {says("M")}}},
          .steps = {{.member = "a", .at_once = 1},
                    {.member = "b", .at_once = 1},
                    {.member = "a", .nth = 1, .at_once = 2},
                    {.member = "b", .nth = 1, .at_once = 2},
                    {.member = "m", .address = "judge", .has_tools = false}},
          .answer = "M",
          .order = team("court", round + round + turn("court", "judge"))};
}

// A loop that is gone through twice, a tool, and a list.
TeamShape flow() {
  const auto loop = [](const char* visit) {
    return turn("flow", "a") + tool_node("flow", "calculator", visit) + turn("flow", "b");
  };
  return {.name = "flow",
          .yaml = R"(pattern: graph
    start: draft
    nodes:
      draft: { run: a }
      sum: { tool: calculator, input: { expression: "{draft}" } }
      review: { run: b, text: "{sum}" }
      each: { run: c, map: review }
    edges:
      - { from: draft, to: sum }
      - { from: sum, to: review }
      - { from: review, to: draft, most: 2, when: { contains: again } }
      - { from: review, to: each, otherwise: true }
      - { from: each, to: end })",
          .script = {{"a", {says("2+3"), says("3+4")}},
                     {"b", {says("again"), says(R"(["item-x","item-y"])")}},
                     {"c", {for_item("item 1 of 2", says("C1")), for_item("item 2 of 2", says("C2"))}}},
          .steps = {{"a"},
                    {"b"},
                    {"a", 1},
                    {"b", 1},
                    {.member = "c", .at_once = 1},
                    {.member = "c", .nth = 1, .address = "c#2", .at_once = 1}},
          .answer = "C1\n\nC2",
          .order = team("flow",
                        loop("sum.1") + loop("sum.2") + at_once({turn("flow", "c"), turn("flow", "c#2")}))};
}

// A team as a member of a team.
TeamShape nest() {
  return {.name = "nest",
          .yaml = R"(pattern: sequential
    tasks:
      - { name: one, agent: inner, description: First }
      - { name: two, agent: c, description: "Then {one}" })",
          .script = {{"a", {says("A")}}, {"b", {says("B")}}, {"c", {says("C")}}},
          .steps = {{.member = "a", .team = "inner"}, {.member = "b", .team = "inner"}, {"c"}},
          .answer = "C",
          .order = team("nest", Trace{"nest > nest/inner task", "nest/inner started"} + turn("inner", "a") +
                                    turn("inner", "b") +
                                    Trace{"nest/inner answer", "nest/inner finished done final_answer",
                                          "nest/inner > nest reply done"} +
                                    turn("nest", "c")),
          .inner = R"(  inner:
    description: the-nest-team
    pattern: sequential
    tasks: [ { agent: a, description: x }, { agent: b, description: y } ]
)"};
}

// Stands in every request.
std::string word_of(const TeamShape& shape) {
  return "the-" + shape.name + "-team";
}

// Where the lines of a step begin: after what its run did before.
std::size_t begin_of(const TeamShape& shape, const TeamStep& step) {
  const std::string agent = address_of(shape, step) + " ";
  std::size_t usages = step.nth + 1;
  // A copy has one step, however many its member has.
  if (step.address.contains('#')) usages = 1;
  std::size_t begin = shape.order.size();
  for (std::size_t at = 0; at < shape.order.size() && usages > 0; ++at) {
    const std::string& line = shape.order[at];
    if (!line.starts_with(agent) || line.starts_with(agent + ">")) continue;
    const std::string what = line.substr(agent.size());
    if (what == "started" || what.starts_with("observation")) begin = at + 1;
    if (what == "usage") --usages;
  }
  REQUIRE(usages == 0);
  return begin;
}

}  // namespace

std::vector<TeamShape> team_shapes() {
  return {row(),    all(),   vote(),   reduced(), copies(), desk(), line(),
          circle(), ruled(), chosen(), court(),   flow(),   nest()};
}

std::string team_yaml(const TeamModels& models, const std::string& more, const std::string& agent,
                      const std::string& tools) {
  std::string yaml = models.yaml({"a", "b", "c", "m"}, agent);
  yaml += fmt::format("tools: {{ calculator: {{ type: calculator }}{} }}\nteams:\n", tools);
  for (const TeamShape& shape : team_shapes()) {
    yaml += fmt::format("  {}:\n    description: {}\n    {}\n", shape.name, word_of(shape), shape.yaml);
    if (!more.empty()) yaml += "    " + more + "\n";
    yaml += shape.inner;
  }
  return yaml;
}

std::string question_for(const TeamShape& shape) {
  return "Do the work of " + word_of(shape);
}

std::shared_ptr<Play> play(TeamModels& models, const TeamShape& shape) {
  return models.play(shape.script, word_of(shape));
}

std::vector<TeamStep> made_with(const TeamShape& shape, const TeamStep& step) {
  if (step.at_once == 0) return {step};
  std::vector<TeamStep> steps;
  for (const TeamStep& other : shape.steps)
    if (other.at_once == step.at_once) steps.push_back(other);
  return steps;
}

Trace with_lines_before(const TeamShape& shape, const TeamStep& step, const Trace& lines) {
  Trace trace = shape.order;
  trace.insert(trace.begin() + static_cast<long>(begin_of(shape, step)), lines.begin(), lines.end());
  return trace;
}

Trace until_steps(const TeamShape& shape, const std::vector<TeamStep>& steps) {
  std::map<std::string, std::size_t> ends;  // by address
  std::size_t first = std::numeric_limits<std::size_t>::max();
  for (const TeamStep& step : steps) {
    const std::size_t begin = begin_of(shape, step);
    ends[address_of(shape, step)] = begin;
    first = std::min(first, begin);
  }
  Trace trace;
  for (std::size_t at = 0; at < shape.order.size(); ++at) {
    const auto lane = ends.find(lane_of(shape.order[at]));
    if (at < (lane == ends.end() ? first : lane->second)) trace.push_back(shape.order[at]);
  }
  return trace;
}

}  // namespace troupe::e2e
