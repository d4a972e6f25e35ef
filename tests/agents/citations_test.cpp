#include "agents/runs/facts.h"
#include "tests/agents/world.h"

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
}
