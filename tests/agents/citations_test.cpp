#include "agents/runs/facts.h"
#include "tests/agents/world.h"

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

tools::Source passage(std::size_t index, std::int64_t chunk) {
  return {.title = "Handbook", .url = "", .passage = {{"index", index}, {"chunk", chunk}}};
}

}  // namespace

TEST_CASE("an answer cites the passages whose numbers it has, each once, and none that was never shown") {
  const std::vector<tools::Source> sources{passage(1, 10),
                                           passage(2, 20),
                                           passage(3, 30),
                                           {.title = "A page", .url = "https://a.example", .passage = {}}};
  const Json cited =
      cited_sources(sources, "25 days [2], in some years 27 [1, 2], see [9] and https://a.example.");
  REQUIRE(cited.size() == 3);
  CHECK(cited[0]["chunk"] == 20);
  CHECK(cited[1]["chunk"] == 10);
  CHECK(cited[2]["url"] == "https://a.example");
  CHECK(cited_sources(sources, "The Handbook says nothing.").empty());
  CHECK(cited_sources(sources, "arr[0] is the first element").empty());
}

TEST_CASE(
    "passages are numbered over the whole run, also after a restart, and what finding them cost is counted "
    "once") {
  const std::string other = R"({"action":"look","action_input":{"x":2}})";
  auto model = says({kCall, ScriptedModel::Hang{}});
  World world(model);
  world.close();
  world.tool =
      std::make_shared<fakes::TestTool>("look", tools::Effect::pure, [](const tools::ToolInput& input) {
        const std::size_t first = input.numbers(2);
        tools::ToolOutput output{.text = fmt::format("[{}] and [{}]", first, first + 1), .sources = {}};
        for (std::size_t i = 0; i < 2; ++i)
          output.sources.push_back(passage(first + i, static_cast<std::int64_t>(100 + first + i)));
        return output;
      });
  world.tool->spends = {{.model = "rerank", .usage = {.input_tokens = 40, .output_tokens = 2}, .cost = 0.5}};
  world.open();
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  REQUIRE(run);
  world.until([&] { return model->calls() == 2; });
  CHECK(model->heard()[1].contains("[1] and [2]"));
  world.close();

  world.open();
  world.watch(session);
  model->say(other);
  model->say(R"({"final_answer":"So it is [4], as [1] says, and [7]."})");
  world.resume();
  world.finished(run->run);
  CHECK(model->heard()[3].contains("[3] and [4]"));
  const Json answer = world.last("answer");
  REQUIRE(answer["citations"].size() == 2);
  CHECK(answer["citations"][0]["chunk"] == 104);
  CHECK(answer["citations"][1]["chunk"] == 101);

  auto events = fakes::run(world.loop, world.journal->read_events(session, 0, 100));
  REQUIRE(events);
  int told = 0;
  for (const Frame& frame : *events)
    if (frame.type == "usage" && string_or(*parse_json(*frame.text), "model") == "rerank") ++told;
  CHECK(told == 2);
  const Json finished = world.last("run.finished");
  CHECK(finished["input_tokens"] == 80);
  CHECK(finished["output_tokens"] == 4);
  CHECK(finished["cost"] == 1.0);
}
