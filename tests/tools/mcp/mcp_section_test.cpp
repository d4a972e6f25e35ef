// `type: mcp` and `mcpServers` as they are written, and the tools that come of them.
#include "runtime/base/suggest.h"
#include "runtime/net/http_client.h"
#include "tests/fakes/read_section.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"
#include "tests/tools/fake_context.h"
#include "tools/catalog.h"
#include "tools/mcp/section.h"
#include "tools/mcp/server_tools.h"
#include "tools/mcp/servers.h"
#include "tools/names.h"
#include "tools/section.h"
#include "tools/toolbox.h"

#include <algorithm>
#include <cstdlib>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;

namespace {

/// Everything around sections, without a network.
struct Daemon {
  Daemon() {
    const mcp::ServerPatience patience{.wait_for_server = Milliseconds(500),
                                       .backoff_first = Milliseconds(20),
                                       .backoff_max = Milliseconds(100),
                                       .relist_floor = Milliseconds(0),
                                       .sweep = Milliseconds(10)};
    servers = std::make_unique<mcp::Servers>(mcp::ServerServices{fake.loop, *http, "1", patience});
  }
  ~Daemon() { fakes::run(fake.loop, servers->close()); }

  static ToolSettings section(std::string name, mcp::SectionSettings mcp = {}) {
    ToolSettings settings;
    settings.name = std::move(name);
    settings.type = "mcp";
    settings.mcp = std::move(mcp);
    if (settings.mcp.server.empty() && settings.mcp.own.command.empty())
      settings.mcp.own.command = TROUPE_MCP_SERVER;
    return settings;
  }
  ToolTable table(const ToolSettings& settings, config::Entries<mcp::ServerSettings> named = {}) {
    const ToolServices services{
        .clock = fake.clock, .http = *http, .mcp = servers.get(), .mcp_servers = std::move(named)};
    auto made = make_section(settings, services);
    REQUIRE_MESSAGE(made, (made ? std::string() : made.error().message));
    return std::move(*made);
  }
  ToolTable settled(const ToolSettings& settings, config::Entries<mcp::ServerSettings> named = {}) {
    (void)table(settings, named);
    fakes::run(fake.loop, servers->settled(Milliseconds(fakes::kMaxTestWait)));
    return table(settings, named);
  }
  std::string call(const ToolTable& tools, const std::string& name, Json arguments = Json::object()) {
    auto box = Toolbox::make(tools, names_of(tools));
    REQUIRE_MESSAGE(box, (box ? std::string() : box.error().message));
    return fakes::run(fake.loop, box->call(name, std::move(arguments), fake.context)).observation();
  }

  fakes::FakeContext fake;
  std::unique_ptr<net::HttpClient> http = net::make_curl_client(fake.loop, {}, net::Guarding::open);
  std::unique_ptr<mcp::Servers> servers;
};

}  // namespace

TEST_CASE("mcpServers is read as other programs write it") {
  const auto servers = fakes::read_section(mcp::servers_section(), R"(
fs:
  command: npx
  args: ["-y", "@modelcontextprotocol/server-filesystem", "/srv"]
  env: { LOG_LEVEL: debug }
web:
  type: http
  url: https://mcp.example.com/mcp
  headers: { Authorization: "Bearer t" }
)");
  REQUIRE(servers.size() == 2);
  CHECK(servers[0].name == "fs");
  CHECK(servers[0].args.at(2) == "/srv");
  CHECK(servers[0].env.at("LOG_LEVEL") == "debug");
  CHECK(!servers[0].over_http());
  CHECK(servers[1].over_http());
  CHECK(servers[1].headers.at("Authorization") == "Bearer t");
}

TEST_CASE("entries that were written for other programs are read as far as they mean the same") {
  config::ProcessEnvironment environment;
  config::Sources sources;
  config::Problems problems(sources);
  auto tree = config::load_text("test.yaml", "/", R"(
web: { serverUrl: "https://mcp.example.com/mcp", type: streamableHttp, alwaysAllow: [a], autoApprove: [b] }
off: { command: npx, disabled: true, timeout: 30 }
)",
                                sources, environment, problems);
  config::Reader reader(sources, environment, problems);
  config::Entries<mcp::ServerSettings> servers;
  const auto section = mcp::servers_section();
  REQUIRE(tree);
  section->read(*tree, servers, reader);

  CHECK(servers["web"].url == "https://mcp.example.com/mcp");
  CHECK(!servers["web"].disabled);
  CHECK(servers["off"].disabled);
  CHECK(problems.errors() == 0);
  std::string said;
  for (const config::Problem& problem : problems.take({})) said += problem.text + "\n";
  CHECK(said.contains("`alwaysAllow` of MCP server `web`: is not read here"));
  CHECK(said.contains("`autoApprove` of MCP server `web`: is not read here"));
  CHECK(said.contains("`timeout` of MCP server `off`: is not read here"));
  CHECK(section->show(servers)["off"]["disabled"] == true);  // also for a run that is taken up again
  CHECK(section->show(servers)["web"]["url"] == "https://mcp.example.com/mcp");
}

TEST_CASE("a server that is disabled is not started, and its section says so") {
  Daemon daemon;
  const ToolTable tools =
      daemon.table(Daemon::section("fs", {.server = "off"}),
                   {{"off", {.name = "off", .command = TROUPE_MCP_SERVER, .disabled = true}}});
  CHECK(names_of(tools) == std::vector<std::string>{"fs/status"});
  CHECK(daemon.servers->empty());
  CHECK(mcp::why_none(tools, "fs") == "`mcpServers.off` is disabled");
}

TEST_CASE("what is put into env and headers is hidden, and what their names say of it") {
  ::setenv("TROUPE_TEST_KEY", "k3y-of-mine", 1);
  const auto servers = fakes::read_section(mcp::servers_section(), R"(
a: { command: x, env: { DATABASE: "pg://u:${TROUPE_TEST_KEY}@db", LOG_LEVEL: debug, API_TOKEN: literal } }
b: { url: "https://x.example", headers: { Authorization: "Bearer abcdef", X-Region: europe } }
)");
  ::unsetenv("TROUPE_TEST_KEY");
  const auto hides = [&](std::size_t server, const std::string& value) {
    return std::ranges::find(servers[server].hidden, value) != servers[server].hidden.end();
  };
  CHECK(hides(0, "pg://u:k3y-of-mine@db"));
  CHECK(hides(0, "k3y-of-mine"));
  CHECK(hides(0, "literal"));
  CHECK(!hides(0, "debug"));
  CHECK(hides(1, "abcdef"));
  CHECK(!hides(1, "europe"));
  mcp::ServerSettings restored = servers[0];  // from a text that has the secrets by their places
  restored.hidden.pop_back();
  CHECK(restored == servers[0]);
}

TEST_CASE("what a server is reached with is a secret where it may be one") {
  const auto shown = tools::section()->show([] {
    config::Entries<ToolSettings> entries;
    ToolSettings one = Daemon::section("fs");
    one.mcp.own.env = {{"TOKEN", "s3cret"}};
    one.mcp.own.headers = {{"Authorization", "Bearer s3cret"}};
    entries.emplace("fs", one);
    return entries;
  }());
  CHECK(!dump(shown).contains("s3cret"));
}

TEST_CASE("a section whose server has not been asked yet has one tool, which says so") {
  Daemon daemon;
  const ToolTable tools = daemon.table(Daemon::section("fs"));
  REQUIRE(tools.size() == 1);
  CHECK(tools.begin()->first == "fs/status");
  CHECK(tools.begin()->second->spec().declaration.description.contains("it is being started"));
}

TEST_CASE(
    "the tools of a server are tools of the section, called once at most unless the operator knows better") {
  Daemon daemon;
  const ToolTable tools = daemon.settled(Daemon::section("fs", {.effects = {{"echo", "pure"}}}));

  REQUIRE(tools.contains("fs/echo"));
  CHECK(tools.at("fs/echo")->spec().effect == Effect::pure);
  CHECK(tools.at("fs/fail")->spec().effect == Effect::at_most_once);
  CHECK(!tools.contains("fs/read_resource"));
  CHECK(daemon.call(tools, "fs__echo", {{"text", "hello"}}) == "hello");
  CHECK(daemon.call(tools, "fs__fail") == "there is no such city");
}

TEST_CASE("a call that its time stopped: whether it was carried out is known of those that only read") {
  Daemon daemon;
  const ToolTable tools =
      daemon.settled(Daemon::section("fs", {.effects = {{"count", "pure"}, {"hold", "pure"}}}));
  const ToolTable doubtful = daemon.table(Daemon::section("fs"));
  const auto hold = [&](const ToolTable& table) {
    auto box = Toolbox::make(table, names_of(table), {.tool_time = Milliseconds(30)});
    REQUIRE(box);
    return fakes::run(daemon.fake.loop, box->call("fs__hold", Json::object(), daemon.fake.context));
  };
  CHECK(hold(tools).error ==
        "tool `fs__hold` did not finish within 0.03 s and was stopped. Ask for less, or go "
        "on without it.");
  const CallOutcome unknown = hold(doubtful);
  CHECK(unknown.code == ErrorCode::timeout);
  CHECK(
      unknown.error.contains("was stopped. Whether the call was carried out is not known: find out before"));
}

TEST_CASE("a call whose time was over before its server came back was not carried out, and says why") {
  Daemon daemon;
  fakes::TempDir folder;
  const std::string diary = "diary=" + (folder.path() / "diary").string();
  const ToolTable tools = daemon.settled(
      Daemon::section("fs", {.own = {.command = TROUPE_MCP_SERVER, .args = {"starts=ox", diary}}}));
  CHECK(daemon.call(tools, "fs__crash").contains("was ended by SIGKILL"));
  auto box = Toolbox::make(tools, names_of(tools), {.tool_time = Milliseconds(100)});
  REQUIRE(box);
  const CallOutcome outcome =
      fakes::run(daemon.fake.loop, box->call("fs__echo", Json::object(), daemon.fake.context));
  CHECK(outcome.code == ErrorCode::unavailable);
  CHECK(outcome.error.contains("not reachable"));
  CHECK(!outcome.error.contains("not known"));
}

TEST_CASE("only the tools that are wanted, and none that are not") {
  Daemon daemon;
  const ToolTable few =
      daemon.settled(Daemon::section("fs", {.tools = {"echo", "fail", "unknown"}, .except = {}}));
  CHECK(names_of(few) == std::vector<std::string>{"fs/echo", "fs/fail"});
  const ToolTable others = daemon.settled(Daemon::section("fs", {.except = {"echo", "crash"}}));
  CHECK(others.size() == 7);
  CHECK(!others.contains("fs/crash"));
  const ToolTable none = daemon.settled(Daemon::section("fs", {.tools = {"unknown"}}));
  CHECK(none.begin()->second->spec().declaration.description.contains("none of those that are wanted"));
}

TEST_CASE("resources and prompts are tools where that is wanted") {
  Daemon daemon;
  const ToolTable tools =
      daemon.settled(Daemon::section("fs", {.tools = {"echo"}, .resources = true, .prompts = true}));
  CHECK(names_of(tools) == std::vector<std::string>{"fs/echo", "fs/get_prompt", "fs/list_prompts",
                                                    "fs/list_resources", "fs/read_resource"});
  CHECK(daemon.call(tools, "fs__list_resources") == "test://a (A)");
  CHECK(daemon.call(tools, "fs__read_resource", {{"uri", "test://a"}}) == "[resource test://a]\ninside of a");
  CHECK(daemon.call(tools, "fs__list_prompts") == "greet()");
  CHECK(daemon.call(tools, "fs__get_prompt", {{"name", "greet"}}) == "user:\nHello");
  CHECK(tools.at("fs/read_resource")->spec().effect == Effect::pure);
}

TEST_CASE("sections that name one server share it, and a changed list is told of") {
  Daemon daemon;
  const mcp::ServerSettings named{.name = "shared", .command = TROUPE_MCP_SERVER};
  int changes = 0;
  daemon.servers->on_change([&] { ++changes; });
  const ToolTable one = daemon.settled(Daemon::section("a", {.server = "shared"}), {{"shared", named}});
  const ToolTable two = daemon.settled(Daemon::section("b", {.server = "shared"}), {{"shared", named}});
  CHECK(one.contains("a/echo"));
  CHECK(two.contains("b/echo"));
  CHECK(daemon.servers->use(named).use_count() > 2);
  CHECK(changes == 1);

  CHECK(daemon.call(one, "a__grow") == "grown");

  fakes::run(daemon.fake.loop, [](Loop& loop, const int& count) -> Task<> {
    Stop never;
    while (count < 2) co_await loop.sleep_for(Milliseconds(5), never);
  }(daemon.fake.loop, changes));
  CHECK(daemon.table(Daemon::section("b", {.server = "shared"}), {{"shared", named}}).contains("b/grown"));
}

TEST_CASE("a server that nobody holds any more is ended, one that is held stays") {
  Daemon daemon;
  ToolTable held = daemon.settled(Daemon::section("fs"));
  (void)daemon.settled(Daemon::section("other", {.own = {.command = TROUPE_MCP_SERVER, .args = {"modern"}}}));

  const std::weak_ptr<mcp::Server> other =
      daemon.servers->use({.name = "other", .command = TROUPE_MCP_SERVER, .args = {"modern"}});
  fakes::run(daemon.fake.loop, [](Loop& loop, const std::weak_ptr<mcp::Server>& server) -> Task<> {
    Stop never;
    while (!server.expired()) co_await loop.sleep_for(Milliseconds(5), never);
  }(daemon.fake.loop, other));

  CHECK(daemon.call(held, "fs__echo", {{"text", "still here"}}) == "still here");
  held.clear();
  fakes::run(daemon.fake.loop, [](Loop& loop, const mcp::Servers& servers) -> Task<> {
    Stop never;
    while (!servers.empty()) co_await loop.sleep_for(Milliseconds(5), never);
  }(daemon.fake.loop, *daemon.servers));
}

TEST_CASE("a server that is not to be had costs nobody but its own tools") {
  Daemon daemon;
  const ToolTable tools = daemon.settled(Daemon::section("fs", {.own = {.command = "no-such-program"}}));
  CHECK(daemon.call(tools, "fs__status").contains("there is no program `no-such-program`"));
  CHECK(mcp::why_none(tools, "fs").value().starts_with("the server is not reachable: there is no program"));
  CHECK(!mcp::why_none(tools, "other"));

  const auto missing = mcp::unavailable_tool("fs/read", "the server has no such tool");
  CHECK(missing->spec().declaration.name == "fs__read");
  CHECK(daemon.call({{"fs/read", missing}}, "fs__read", {{"path", "/x"}}) ==
        "the server has no such tool; go on without it");
}
