#include "app/configuration.h"
#include "app/team_checks.h"
#include "tests/fakes/test_environment.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe;

namespace {

constexpr const char* kWorld = R"(version: 1
models:
  main: { provider: builtin }
  paid: { provider: openai, model: unheard-of, api_key: k }
agents:
  researcher: { model: main }
  writer: { model: main }
  dear: { model: paid }
chains:
  outline: { steps: [ { prompt: "{input}" }, { model: main } ] }
teams:
)";

app::Checked load(const std::string& teams, const std::string& further = "") {
  static const fakes::TestEnvironment environment({{"HOME", "/home/tester"}});
  return app::load_configuration_text("t.yaml", kWorld + teams + "\n" + further, environment);
}

// The one problem, without its file.
std::string problem(const std::string& teams, const std::string& further = "") {
  const app::Checked checked = load(teams, further);
  std::string all;
  for (const config::Problem& one : checked.problems) all += (all.empty() ? "" : "\n") + config::render(one);
  return all;
}

const std::string kReport =
    "  report: { pattern: sequential, tasks: [ { agent: researcher, description: x }, "
    "{ agent: outline, description: y }, { agent: writer, description: z } ] }";

}  // namespace

TEST_CASE("members are agents, chains and teams") {
  const app::Checked checked =
      load(kReport + "\n  desk: { pattern: supervisor, model: main, members: [report, dear] }");
  REQUIRE(checked.configuration);
  CHECK(checked.problems.empty());
  CHECK(checked.configuration->teams.at("desk").members == std::vector<std::string>{"report", "dear"});
  CHECK(app::models_of_team(*checked.configuration, checked.configuration->teams.at("desk")) ==
        std::vector<std::string>{"main", "paid"});

  CHECK(problem("  desk: { pattern: round_robin, members: [resercher] }") ==
        "t.yaml:12:43: error: `members[0]` of team `desk`: no agent, chain or team is named `resercher`; did "
        "you "
        "mean `researcher`?");
  CHECK(problem("  writer: { pattern: round_robin, members: [dear] }") ==
        "t.yaml:12:3: error: team `writer`: the name is taken; first at t.yaml:7:3");
}

TEST_CASE("what is stored of a configuration with teams is restored to the same") {
  const app::Checked checked = load(kReport);
  REQUIRE(checked.configuration);
  const fakes::TestEnvironment environment({{"HOME", "/home/tester"}});
  const app::Checked again =
      app::restore_configuration(checked.configuration->canonical, *checked.configuration, environment);
  REQUIRE(again.configuration);
  CHECK(again.configuration->hash == checked.configuration->hash);
  CHECK(again.configuration->teams.at("report").tasks.size() == 3);
}

TEST_CASE("a team that contains itself is refused") {
  CHECK(
      problem(
          "  a: { pattern: round_robin, members: [b] }\n  b: { pattern: round_robin, members: [a, dear] }") ==
      "t.yaml:12:6: error: team `a`: a team cannot contain itself: `a` has `b` has `a`");
}

TEST_CASE("a file needs the folder that files may be written to") {
  const std::string team =
      "  r: { pattern: sequential, tasks: [ { agent: dear, description: x, output_file: r.md } ] }";
  CHECK(
      problem(team) ==
      "t.yaml:12:82: error: `tasks[0].output_file` of team `r`: there is no folder that files may be written "
      "to; add `artifacts: ./out` to the configuration");
  CHECK(problem(team, "artifacts: ./out").empty());
}

TEST_CASE("the cost of a team is limited only where all of its members' models have a price") {
  CHECK(problem("  t: { pattern: round_robin, members: [writer], limits: { cost: 1 } }").empty());
  const std::string reason =
      "the model `paid` has no price, so the team's cost cannot be limited; add `price: { input: …, output: "
      "… "
      "}` to `models.paid`";
  CHECK(problem("  t: { pattern: round_robin, members: [dear], limits: { cost: 1 } }") ==
        "t.yaml:12:63: error: `limits.cost` of team `t`: " + reason);
  CHECK(problem("  u: { pattern: round_robin, members: [dear] }\n"
                "  t: { pattern: round_robin, members: [u], limits: { cost: 1 } }") ==
        "t.yaml:13:60: error: `limits.cost` of team `t`: " + reason);
  CHECK(problem("  t: { pattern: debate, model: paid, members: [researcher, writer] }",
                "budgets: { day: { cost: 1 } }")
            .find("`budgets.day.cost`: the model `paid` has no price") != std::string::npos);
}

TEST_CASE("a task's guardrail needs a model that can judge") {
  CHECK(
      problem("  t: { pattern: sequential, tasks: [ { agent: dear, description: x, guardrail: { model: main, "
              "prompt: 'Is it kind?' } } ] }")
          .find("of team `t`: the `builtin` model cannot judge") != std::string::npos);
}

TEST_CASE("the only one who is no member of a team answers when nobody is named") {
  const std::string all = "  t: { pattern: round_robin, members: [researcher, writer, dear, outline] }";
  CHECK(load(all).configuration->default_target == "t");
  CHECK(load(kReport).configuration->default_target.empty());  // `dear`, or the team
  CHECK(load(kReport, "default: report").configuration->default_target == "report");
}
