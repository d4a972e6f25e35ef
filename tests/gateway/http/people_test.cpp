#include "tests/agents/people/people_world.h"
#include "tests/gateway/http/http_bench.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::gateway;
using agents::testing::People;
using agents::testing::says_final;
using fakes::ScriptedModel;

namespace {

constexpr const char* kFlow = R"(
flow:
  pattern: graph
  start: ask
  nodes: { ask: { person: "Refund {input}?" } }
  edges: [ { from: ask, to: end } ]
)";

}  // namespace

TEST_CASE("a team's run shows the questions that wait below it, and is answered by its own address") {
  People people(
      "clerk: { role: clerk, model: m }", kFlow,
      [](const std::string&, const std::string&) -> ScriptedModel::Line { return says_final("x"); });
  HttpBench bench(people.world.loop, *people.world.desk, {}, {});
  const Json begun = bench.ask("POST", "/v1/runs", R"({"target":"flow","input":"20 EUR"})").body;
  const std::string run = begun["run"], session = begun["session"];
  people.world.until([&] { return people.world.desk->pending(Principal{}, session).size() == 1; });

  const Json waiting = bench.ask("GET", "/v1/runs/" + run).body["waiting"];
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0]["question"] == "Refund 20 EUR?");
  const std::string member = waiting[0]["run"];
  CHECK(member != run);
  CHECK(bench.ask("GET", "/v1/runs/" + member).body["waiting"] == waiting);

  const std::string path = "/v1/runs/" + run + "/approve";
  CHECK(bench.ask("POST", path, R"({"call":"c_1"})").status == 400);
  CHECK(bench.ask("POST", path, R"({"call":"c_1","input":{"answer":"yes"}})").status == 200);
  Json shown;
  for (int i = 0; i < 1000 && shown["status"] != "done"; ++i)
    shown = bench.ask("GET", "/v1/runs/" + run).body;
  CHECK(shown["answer"] == "yes");
  CHECK_FALSE(shown.contains("waiting"));
}
