// `plugins_from:` as a configuration has it, and what the daemon makes of the folder while it runs.
#include "app/plugin_keeper.h"
#include "runtime/base/sha256.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"
#include "tests/fakes/test_environment.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::app;

namespace fs = std::filesystem;

namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A folder of libraries, a list beside it, and the keeper of a daemon.
class Stage {
 public:
  Stage() {
    fs::permissions(folder_.path(), fs::perms(0755));
    fs::create_directory(libraries());
    fs::permissions(libraries(), fs::perms(0755));
    allow({});
  }
  ~Stage() {
    table.clear();
    fakes::run(loop_, keeper_.close());
  }

  fs::path libraries() const { return folder_.path() / "libraries"; }
  void put(const std::string& library, const std::string& name) {
    fs::copy_file(library, folder_.path() / "fresh", fs::copy_options::overwrite_existing);
    fs::permissions(folder_.path() / "fresh", fs::perms(0755));
    fs::rename(folder_.path() / "fresh", libraries() / name);
  }
  void allow(const std::vector<std::string>& files) {
    std::ofstream list(folder_.path() / "allowed");
    for (const std::string& file : files)
      list << sha256_hex(bytes_of(file)) << "  " << fs::path(file).filename().string() << "\n";
  }
  Checked load(const std::string& more = "") {
    return load_configuration_text(
        "test.yaml",
        fmt::format("version: 1\nplugins_from: {{ path: {}, allow_file: {} }}\n"
                    "models: {{ local: {{ provider: builtin }} }}\nagents: {{ a: {{ model: local }} }}\n{}",
                    libraries().string(), (folder_.path() / "allowed").string(), more),
        environment_);
  }
  Configuration good(const std::string& more = "") {
    Checked checked = load(more);
    for (const config::Problem& problem : checked.problems) INFO(problem.text);
    REQUIRE(checked.configuration);
    return std::move(*checked.configuration);
  }
  Result<> adopt(const Configuration& configuration, bool in_place = false) {
    Stop stop;
    const plugins::PluginTable before = table;
    auto adopted =
        fakes::run(loop_, keeper_.adopt(configuration, *http_, stop, in_place ? &before : nullptr));
    if (!adopted) return fail(std::move(adopted.error()));
    table = std::move(*adopted);
    return {};
  }
  /// As a daemon asks: something must look the same twice.
  bool changed(const Configuration& configuration) {
    return keeper_.changed(configuration, table) || keeper_.changed(configuration, table);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, plugin] : table) names.push_back(name);
    return names;
  }
  const std::vector<plugins::LeftOut>& left_out() const { return keeper_.left_out(); }

  plugins::PluginTable table;

 private:
  fakes::TempDir folder_;
  fakes::TestEnvironment environment_;
  SystemClock clock_;
  Loop loop_{clock_};
  std::unique_ptr<net::HttpClient> http_ = net::make_curl_client(loop_, {}, net::Guarding::guarded);
  Machine machine_;
  PluginKeeper keeper_{loop_, machine_, (folder_.path() / "store").string()};
};

bool says(const Checked& checked, config::Severity severity, std::string_view words) {
  return std::ranges::any_of(checked.problems, [&](const config::Problem& problem) {
    return problem.severity == severity && problem.text.find(words) != std::string::npos;
  });
}

// Without workers, so that this program need not be one.
constexpr const char* kHere = "plugins: { greet: { isolation: none } }\n";
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "a check of the configuration says which libraries of the folder will not be loaded, and with what "
    "hash") {
  Stage stage;
  stage.put(TROUPE_GREET_PLUGIN, "libgreet.so");
  stage.put(TROUPE_GREET_PLUGIN, "2nd.so");
  Checked checked = stage.load();
  CHECK(checked.configuration);
  CHECK(says(checked, config::Severity::warning,
             "libgreet.so is not loaded: its SHA-256 " + sha256_hex(bytes_of(TROUPE_GREET_PLUGIN))));
  CHECK(says(checked, config::Severity::warning, "2nd.so is not loaded: its name cannot be a plugin's"));
  stage.allow({TROUPE_GREET_PLUGIN});
  CHECK_FALSE(says(stage.load(), config::Severity::warning, "libgreet.so"));
}

TEST_CASE("tools name plugins of the folder as they name others, and what is missing is said") {
  Stage stage;
  stage.put(TROUPE_GREET_PLUGIN, "libgreet.so");
  stage.allow({TROUPE_GREET_PLUGIN});
  CHECK(stage.load("tools: { t: { type: plugin, plugin: greet, tool: greet } }\n").configuration);
  CHECK(stage.load("tools: { t: { type: plugin } }\n").configuration);
  const Checked wrong = stage.load("tools: { t: { type: plugin, plugin: grete } }\n");
  CHECK_FALSE(wrong.configuration);
  CHECK(says(wrong, config::Severity::error, "grete"));
  CHECK(says(stage.load("tools: { t: { type: plugin, tool: greet } }\n"), config::Severity::error,
             "of which plugin?"));
  CHECK(says(stage.load("plugins: { other: { workers: 3 } }\n"), config::Severity::warning,
             "there is no other.so or libother.so in"));

  const auto alone = [](const char* text) {
    return load_configuration_text("test.yaml", std::string("version: 1\n") + text, fakes::TestEnvironment());
  };
  CHECK(says(alone("plugins: { other: { workers: 3 } }\n"), config::Severity::error, "`path` is missing"));
  CHECK(says(alone("tools: { t: { type: plugin } }\n"), config::Severity::error, "`plugin` is missing"));
  CHECK(says(alone("plugins_from: { path: /usr/lib }\n"), config::Severity::error,
             "says of no library that it may be loaded"));
  CHECK(says(alone("plugins_from: { path: /usr/lib, allow: [ abc ] }\n"), config::Severity::error,
             "sha256sum"));
}

TEST_CASE("the configuration is kept with its folder and its list, and loads to itself") {
  Stage stage;
  stage.put(TROUPE_GREET_PLUGIN, "libgreet.so");
  stage.allow({TROUPE_GREET_PLUGIN});
  const Configuration all = stage.good(kHere);
  const Checked again = restore_configuration(all.canonical, all, fakes::TestEnvironment());
  REQUIRE(again.configuration);
  CHECK(again.configuration->canonical == all.canonical);
  CHECK(again.configuration->plugins_from.path == all.plugins_from.path);
  CHECK(again.configuration->plugins_from.allow_file == all.plugins_from.allow_file);
}

TEST_CASE("a library that comes, is allowed, is replaced and goes is taken on while the daemon runs") {
  Stage stage;
  const Configuration all = stage.good(kHere);
  REQUIRE(stage.adopt(all));
  CHECK(stage.names().empty());
  CHECK_FALSE(stage.changed(all));

  stage.put(TROUPE_GREET_PLUGIN, "libgreet.so");
  CHECK(stage.changed(all));
  REQUIRE(stage.adopt(all, true));
  CHECK(stage.names().empty());
  REQUIRE(stage.left_out().size() == 1);
  CHECK(stage.left_out()[0].name == "greet");
  CHECK(stage.left_out()[0].why.find("is not among those") != std::string::npos);
  CHECK_FALSE(stage.changed(all));

  stage.allow({TROUPE_GREET_PLUGIN});
  CHECK(stage.changed(all));
  REQUIRE(stage.adopt(all, true));
  CHECK(stage.names() == Names{"greet"});
  CHECK(stage.left_out().empty());
  const auto first = stage.table.at("greet");
  CHECK(first->settings().from_folder);
  CHECK_FALSE(stage.changed(all));

  // Another version, which is not on the list: the one before goes on, since it still is.
  std::ofstream(stage.libraries() / "libgreet.so", std::ios::app) << "more";
  CHECK(stage.changed(all));
  REQUIRE(stage.adopt(all, true));
  CHECK(stage.table.at("greet") == first);
  CHECK(stage.left_out().size() == 1);

  // Off the list as well: it goes.
  stage.allow({});
  CHECK(stage.changed(all));
  REQUIRE(stage.adopt(all, true));
  CHECK(stage.names().empty());

  stage.allow({TROUPE_GREET_PLUGIN});
  stage.put(TROUPE_GREET_PLUGIN, "libgreet.so");
  CHECK(stage.changed(all));
  REQUIRE(stage.adopt(all, true));
  CHECK(stage.names() == Names{"greet"});
  fs::remove(stage.libraries() / "libgreet.so");
  CHECK(stage.changed(all));
  REQUIRE(stage.adopt(all, true));
  CHECK(stage.names().empty());
}

TEST_CASE("a library that is allowed and does not load costs nobody but whoever names it") {
  Stage stage;
  stage.put(TROUPE_GREET_PLUGIN, "libgreet.so");
  std::ofstream(stage.libraries() / "broken.so") << "no library";
  fs::permissions(stage.libraries() / "broken.so", fs::perms(0644));
  stage.allow({TROUPE_GREET_PLUGIN, (stage.libraries() / "broken.so").string()});
  const std::string both = "plugins: { greet: { isolation: none }, broken: { isolation: none } }\n";
  REQUIRE(stage.adopt(stage.good(both)));
  CHECK(stage.names() == Names{"greet"});
  REQUIRE(stage.left_out().size() == 1);
  CHECK(stage.left_out()[0].why.find("it cannot be loaded") != std::string::npos);

  // It is tried again when it is put there again, whatever is in it, and not before.
  CHECK_FALSE(stage.changed(stage.good(both)));
  fs::copy_file(stage.libraries() / "broken.so", stage.libraries() / ".fresh");
  fs::rename(stage.libraries() / ".fresh", stage.libraries() / "broken.so");
  CHECK(stage.changed(stage.good(both)));
  REQUIRE(stage.adopt(stage.good(both), true));
  CHECK(stage.names() == Names{"greet"});
  CHECK_FALSE(stage.changed(stage.good(both)));

  const auto named = stage.adopt(stage.good(both + "tools: { t: { type: plugin, plugin: broken } }\n"));
  REQUIRE_FALSE(named);
  CHECK(named.error().message.find("plugin broken: " + (stage.libraries() / "broken.so").string() +
                                   " is not loaded: ") == 0);

  fs::permissions(stage.libraries(), fs::perms(0777));
  const auto open = stage.adopt(stage.good(both));
  REQUIRE_FALSE(open);
  CHECK(open.error().code == ErrorCode::denied);
  CHECK(open.error().message.find("plugins_from: the folder ") == 0);
  fs::permissions(stage.libraries(), fs::perms(0755));
}

TEST_CASE("one section gives the tools of all plugins of the folder, and none where there are none") {
  Stage stage;
  const Configuration empty = stage.good("tools: { all: { type: plugin } }\n");
  REQUIRE(stage.adopt(empty));
  tools::ToolTable tools;
  const auto none = add_plugin_tools(empty, stage.table, tools);
  REQUIRE_FALSE(none);
  CHECK(none.error().message.find("tool `all`: no library of `plugins_from`") == 0);
  stage.put(TROUPE_GREET_PLUGIN, "libgreet.so");
  stage.allow({TROUPE_GREET_PLUGIN});
  const Configuration one = stage.good(std::string(kHere) + "tools: { all: { type: plugin } }\n");
  REQUIRE(stage.adopt(one));
  REQUIRE(add_plugin_tools(one, stage.table, tools));
  REQUIRE(tools.contains("all/greet_greet"));
  CHECK(tools.at("all/greet_greet")->spec().declaration.name == "all__greet_greet");
}
