#include "plugins/plugins.h"

#include "tests/fakes/temp_dir.h"
#include "tests/plugins/plugin_stage.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::plugins;

namespace fs = std::filesystem;

namespace {

/// Plugins as a daemon has them, on a loop of its own.
class World {
 public:
  World() { fs::permissions(folder.path(), fs::perms(0755)); }
  ~World() {
    table.clear();
    fakes::run(loop, plugins.close());
  }

  /// A library of the tests under a name of its own.
  std::string put(const std::string& library, const std::string& name) {
    const fs::path to = folder.path() / name;
    fs::copy_file(library, folder.path() / "fresh", fs::copy_options::overwrite_existing);
    fs::permissions(folder.path() / "fresh", fs::perms(0755));
    fs::rename(folder.path() / "fresh", to);
    return to.string();
  }
  Result<> adopt(std::vector<PluginSettings> settings) {
    Stop stop;
    auto adopted = fakes::run(loop, plugins.adopt(settings, *http, stop));
    if (!adopted) return fail(std::move(adopted.error()));
    table = std::move(*adopted);
    return {};
  }
  /// Whether what lies there is worth an adopt().
  bool changed(const PluginSettings& settings) { return plugins.changed(std::vector{settings}, table); }
  Result<tools::ToolOutput> call(const std::shared_ptr<tools::Tool>& tool, Json arguments) {
    Stop stop;
    CallContext context{loop, stop, Deadline::after(clock, 30s), told, Principal{}, "s_1", "r_1", "a", 1};
    return fakes::run(loop,
                      tool->call({.arguments = std::move(arguments), .idempotency_key = "key"}, context));
  }
  std::shared_ptr<tools::Tool> tool(const std::string& plugin, const std::string& name) {
    auto made = make_plugin_tools({.name = "t", .type = "plugin", .plugin = plugin, .tool = name}, table);
    REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
    return made->at("t");
  }

  fakes::TempDir folder;
  SystemClock clock;
  Loop loop{clock};
  ToldEvents told;
  std::unique_ptr<net::HttpClient> http = net::make_curl_client(loop, {}, net::Guarding::guarded);
  const sandbox::Support support = sandbox::probe();
  PluginFolder copies{(folder.path() / "copies").string()};
  Plugins plugins{{.loop = loop,
                   .support = [this]() -> const sandbox::Support& { return support; },
                   .folder = copies,
                   .program = test_worker}};
  PluginTable table;
};

PluginSettings greet(World& world) {
  return {.name = "greet", .path = world.put(TROUPE_GREET_PLUGIN, "libgreet.so")};
}

}  // namespace

TEST_CASE("the tools of a plugin are tools: each by its name, or all of a section") {
  World world;
  REQUIRE(world.adopt({greet(world)}));
  const auto one = world.tool("greet", "greet");
  CHECK(one->spec().declaration.name == "t");
  CHECK(one->spec().declaration.description == "Greets somebody by name");
  CHECK(one->spec().effect == tools::Effect::pure);
  CHECK(one->spec().declaration.schema.contains("who is greeted"));
  auto said = world.call(one, {{"name", "Zo\u00eb \"Z\" O'Hara\n\U0001F600"}});
  REQUIRE(said);
  CHECK(said->text == "Hello, Zo\u00eb \"Z\" O'Hara\n\U0001F600!");

  auto all = make_plugin_tools({.name = "words", .type = "plugin", .plugin = "greet"}, world.table);
  REQUIRE(all);
  REQUIRE(all->contains("words/greet"));
  CHECK(all->at("words/greet")->spec().declaration.name == "words__greet");

  auto wrong =
      make_plugin_tools({.name = "t", .type = "plugin", .plugin = "greet", .tool = "grete"}, world.table);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message ==
        "the plugin `greet` has no tool `grete`; did you mean `greet`? Its tools: greet");
}

TEST_CASE("a plugin in the daemon itself does the same, without a process") {
  World world;
  PluginSettings settings = greet(world);
  settings.isolation = "none";
  settings.config = {{"word", "Ahoy"}};
  REQUIRE(world.adopt({settings}));
  auto said = world.call(world.tool("greet", "greet"), {{"name", "you"}});
  REQUIRE(said);
  CHECK(said->text == "Ahoy, you!");
}

TEST_CASE("a configuration that does not fit the plugin's schema is refused before the plugin sees it") {
  for (const char* isolation : {"process", "none"}) {
    CAPTURE(isolation);
    World world;
    PluginSettings settings = greet(world);
    settings.isolation = isolation;
    settings.config = {{"word", 5}};
    auto adopted = world.adopt({settings});
    REQUIRE_FALSE(adopted);
    CHECK(adopted.error().code == ErrorCode::invalid);
    CHECK_MESSAGE(adopted.error().message.contains("plugin greet: its `config`: /word"),
                  adopted.error().message);
  }
}

TEST_CASE("a library that others may change, of another hash, or that is none is not loaded") {
  World world;
  PluginSettings settings = greet(world);
  settings.sha256 = std::string(64, '0');
  auto adopted = world.adopt({settings});
  REQUIRE_FALSE(adopted);
  CHECK(adopted.error().code == ErrorCode::denied);
  CHECK(adopted.error().message.contains("is not the library that is allowed"));

  settings.sha256.clear();
  fs::permissions(settings.path, fs::perms(0757));
  adopted = world.adopt({settings});
  REQUIRE_FALSE(adopted);
  CHECK(adopted.error().code == ErrorCode::denied);
  CHECK(adopted.error().message.contains("may be changed by anybody"));
  fs::permissions(settings.path, fs::perms(0755));

  fs::permissions(world.folder.path(), fs::perms(0777));
  adopted = world.adopt({settings});
  REQUIRE_FALSE(adopted);
  CHECK(adopted.error().message.contains("the folder"));
  fs::permissions(world.folder.path(), fs::perms(0755));

  std::ofstream(settings.path) << "this is no library";
  adopted = world.adopt({settings});
  REQUIRE_FALSE(adopted);
  CHECK(adopted.error().code == ErrorCode::invalid);
  CHECK_MESSAGE(adopted.error().message.contains("it cannot be loaded"), adopted.error().message);
  CHECK(world.table.empty());
}

TEST_CASE("a library that is replaced is used by the next calls; a broken one leaves the old in place") {
  World world;
  const PluginSettings settings = greet(world);
  REQUIRE(world.adopt({settings}));
  const auto old = world.tool("greet", "greet");
  const auto before = world.table.at("greet");
  CHECK_FALSE(world.changed(settings));

  REQUIRE(world.adopt({settings}));
  CHECK(world.table.at("greet") == before);  // with its warm workers

  std::ofstream(settings.path) << "half a library";
  CHECK(world.changed(settings));
  CHECK_FALSE(world.adopt({settings}));
  CHECK(world.call(old, {{"name", "you"}})->text == "Hello, you!");

  world.put(TROUPE_HOSTILE_PLUGIN, "libgreet.so");
  REQUIRE(world.adopt({settings}));
  CHECK(world.table.at("greet") != before);
  CHECK(world.table.at("greet")->description().name == "hostile");
  CHECK(world.call(world.tool("greet", "echo"), {{"a", 1}})->text == R"({"a":1})");
  CHECK(world.call(old, {{"name", "you"}})->text == "Hello, you!");
}

TEST_CASE(
    "an earlier library that is put back is another one than that in use, also while it is remembered") {
  World world;
  const PluginSettings settings = greet(world);
  REQUIRE(world.adopt({settings}));
  const auto first = world.table.at("greet");  // as a run at work has it
  world.put(TROUPE_HOSTILE_PLUGIN, "libgreet.so");
  CHECK(world.changed(settings));
  REQUIRE(world.adopt({settings}));
  CHECK_FALSE(world.changed(settings));

  world.put(TROUPE_GREET_PLUGIN, "libgreet.so");
  CHECK(world.changed(settings));
  REQUIRE(world.adopt({settings}));
  CHECK(world.table.at("greet") == first);
  CHECK_FALSE(world.changed(settings));
}

TEST_CASE("a library that could not be started is worth another try when it is put there again") {
  World world;
  PluginSettings settings = greet(world);
  const fs::path needed = world.folder.path() / "needed";
  fs::create_directory(needed);
  settings.grant.read = {needed.string()};
  REQUIRE(world.adopt({settings}));
  world.put(TROUPE_HOSTILE_PLUGIN, "libgreet.so");
  fs::remove(needed);
  CHECK(world.changed(settings));
  REQUIRE_FALSE(world.adopt({settings}));
  CHECK(world.table.at("greet")->description().name == "greet");

  CHECK(world.changed(settings));
  fs::create_directory(needed);
  REQUIRE(world.adopt({settings}));
  CHECK(world.table.at("greet")->description().name == "hostile");
  CHECK_FALSE(world.changed(settings));
}

TEST_CASE("what a plugin dies of is told of the plugin, not of the program that runs it") {
  World world;
  PluginSettings settings{.name = "evil", .path = world.put(TROUPE_HOSTILE_PLUGIN, "libevil.so")};
  REQUIRE(world.adopt({settings}));
  const auto error = [&](const char* tool) {
    auto said = world.call(world.tool("evil", tool), Json::object());
    return said ? "it did not fail" : said.error().message;
  };
  CHECK_MESSAGE(error("crash").starts_with("plugin evil was ended by SIGSEGV"), error("crash"));
  CHECK_MESSAGE(error("leave").starts_with("plugin evil exited with code 7"), error("leave"));
  CHECK_MESSAGE(error("flood_stdout").starts_with("plugin evil flooded its error output"),
                error("flood_stdout"));
  CHECK_MESSAGE(error("break_channel").starts_with("plugin evil announced a message of"),
                error("break_channel"));

  settings.config = {{"mood", "crash"}};
  const auto adopted = world.adopt({settings});
  REQUIRE_FALSE(adopted);
  CHECK_MESSAGE(adopted.error().message.starts_with("plugin evil was ended by SIGSEGV"),
                adopted.error().message);
}

TEST_CASE("of a library that belongs to somebody else it is said whom to give it to" *
          doctest::skip(::geteuid() != 0)) {  // who is not root cannot give files away
  World world;
  const PluginSettings settings = greet(world);
  REQUIRE(::chown(settings.path.c_str(), 1000, 1000) == 0);
  auto adopted = world.adopt({settings});
  REQUIRE_FALSE(adopted);
  CHECK(adopted.error().code == ErrorCode::denied);
  CHECK_MESSAGE(adopted.error().message.contains("belongs to another user (1000)"), adopted.error().message);
  CHECK(adopted.error().message.contains("chown root it"));
  CHECK_FALSE(adopted.error().message.contains("chmod"));
  REQUIRE(::chown(settings.path.c_str(), 0, 0) == 0);

  REQUIRE(::chown(world.folder.path().c_str(), 1000, 1000) == 0);
  adopted = world.adopt({settings});
  REQUIRE_FALSE(adopted);
  CHECK_MESSAGE(adopted.error().message.contains("chown root it"), adopted.error().message);
  REQUIRE(::chown(world.folder.path().c_str(), 0, 0) == 0);
  CHECK(world.adopt({settings}));
}

TEST_CASE("what became of a call is asked by its key, where the tool can tell") {
  World world;
  PluginSettings settings{.name = "hostile", .path = world.put(TROUPE_HOSTILE_PLUGIN, "libhostile.so")};
  REQUIRE(world.adopt({settings}));
  const auto ask = [&](const char* name) {
    Stop stop;
    CallContext context{
        world.loop, stop, Deadline::after(world.clock, 30s), world.told, Principal{}, "s", "r", "a", 1};
    return fakes::run(world.loop, world.tool("hostile", name)->status("key-7", context));
  };
  const auto told = ask("key");
  REQUIRE(told);
  CHECK(told->kind == tools::CallStatus::Kind::done);
  CHECK(told->output.text == "it was done");
  CHECK(ask("echo")->kind == tools::CallStatus::Kind::unknown);
}

TEST_CASE("a plugin reaches the hosts that are granted to it, and of these public addresses only") {
  World world;
  PluginSettings settings{.name = "hostile", .path = world.put(TROUPE_HOSTILE_PLUGIN, "libhostile.so")};
  REQUIRE(world.adopt({settings}));
  const auto fetch = [&](const char* url) {
    auto said = world.call(world.tool("hostile", "fetch"), {{"url", url}});
    return said ? said->text : "FAILED: " + said.error().message;
  };
  CHECK(fetch("http://127.0.0.1:1/") == "no host is granted");
  settings.grant.hosts = {"127.0.0.1", "*.example.org"};
  REQUIRE(world.adopt({settings}));
  // Status 4 is TROUPE_DENIED; 9 is what waiting in a callback is answered with.
  CHECK(fetch("http://127.0.0.1:1/").contains("4 0 9 "));
  CHECK(fetch("http://127.0.0.1:1/").contains("loopback (127.0.0.0/8)"));
  CHECK(fetch("http://other.example.net/").contains("`other.example.net` is not granted"));
  CHECK(fetch("http://example.org/").contains("`example.org` is not granted"));
  CHECK(fetch("file:///etc/passwd").contains("4 0 9 "));
}
