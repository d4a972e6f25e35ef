#include "agents/chains/chain.h"
#include "tests/agents/world.h"
#include "tests/gateway/http/http_bench.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::gateway;
using agents::testing::says;
using agents::testing::World;

namespace {

struct Catalogue {
  explicit Catalogue(ServerSettings settings = {})
      : bench(world.loop, *world.desk, {.offer = [this] { return offer; }}, std::move(settings)) {
    auto catalog = std::make_shared<agents::Catalog>(*world.catalog("a", "hash"));
    auto chain = std::make_shared<agents::Chain>();
    chain->settings.description = "who rules";
    chain->inputs = {"country"};
    catalog->chains.emplace("president", chain);
    offer.catalog = catalog;
    offer.tools = std::make_shared<const tools::ToolTable>(tools::ToolTable{{"look", world.tool}});
    offer.models = {{"main", "openai", "gpt-x"}, {"local", "ollama", "llama"}};
  }
  World world{says({}), {}, {}, World::More{.agent = {.description = "finds things"}}};
  Offer offer;
  HttpBench bench;
};

}  // namespace

TEST_CASE("agents, chains, tools and providers are listed by name with what they say of themselves") {
  Catalogue all;
  CHECK(all.bench.ask("GET", "/v1/agents").body ==
        *parse_json(R"({"agents":[{"name":"a","description":"finds things","default":true}]})"));
  CHECK(all.bench.ask("GET", "/v1/chains").body ==
        *parse_json(R"({"chains":[{"name":"president","description":"who rules","inputs":["country"]}]})"));
  const Json tools = all.bench.ask("GET", "/v1/tools").body["tools"];
  REQUIRE(tools.size() == 1);
  CHECK(tools[0]["name"] == "look");
  CHECK(tools[0]["description"] == "a tool for tests");
  CHECK(tools[0]["effect"] == "pure");
  CHECK(tools[0]["input"]["required"] == Json{"x"});
  const Json providers = all.bench.ask("GET", "/v1/providers").body["providers"];
  CHECK(providers.size() == 7);
  for (const Json& provider : providers) {
    if (provider["name"] == "openai")
      CHECK(provider["models"] == *parse_json(R"([{"name":"main","model":"gpt-x"}])"));
    if (provider["name"] == "anthropic") CHECK(provider["models"] == Json::array());
  }
}

TEST_CASE("a reload is seen at once") {
  Catalogue all;
  all.offer.catalog = all.world.catalog("b", "other");
  CHECK(all.bench.ask("GET", "/v1/agents").body["agents"][0]["name"] == "b");
  CHECK(all.bench.ask("GET", "/v1/chains").body["chains"] == Json::array());
}

TEST_CASE("lists want a token where there are tokens, take no parameters, and there are no others") {
  Catalogue all(settings_with_tokens());
  for (const char* path : {"/v1/agents", "/v1/chains", "/v1/tools", "/v1/providers"}) {
    CHECK(all.bench.ask("GET", path).status == 401);
    CHECK(all.bench.ask("GET", path, "", kAcme).status == 200);
    CHECK(all.bench.ask("POST", path, "{}", kAcme).status == 405);
    CHECK(all.bench.ask("GET", std::string(path) + "?x=1", "", kAcme).status == 400);
  }
  const HttpReply near = all.bench.ask("GET", "/v1/agent", "", kAcme);
  CHECK(near.status == 404);
  CHECK(near.message().find("did you mean `/v1/agents`?") != std::string::npos);
  // What this daemon has no service for has no path.
  CHECK(all.bench.ask("GET", "/v1/sessions", "", kAcme).status == 404);
}
