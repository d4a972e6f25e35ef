#include "plugins/host/library_folder.h"

#include "runtime/base/sha256.h"
#include "tests/fakes/temp_dir.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::plugins;

namespace fs = std::filesystem;

namespace {

/// A folder with files of any content; what is in them does not matter here.
class Folder {
 public:
  Folder() { fs::permissions(folder_.path(), fs::perms(0755)); }
  void put(const std::string& name, const std::string& bytes, unsigned mode = 0644) {
    std::ofstream(folder_.path() / name) << bytes;
    fs::permissions(folder_.path() / name, fs::perms(mode));
  }
  std::string path() const { return folder_.path().string(); }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  LibraryFolderSettings allowing(std::vector<std::string> contents) const {
    LibraryFolderSettings settings{.path = folder_.path().string()};
    for (const std::string& bytes : contents) settings.allow.push_back(sha256_hex(bytes));
    return settings;
  }
  void open_to(unsigned mode) { fs::permissions(folder_.path(), fs::perms(mode)); }

 private:
  fakes::TempDir folder_;
};

const LeftOut& left_out(const FolderScan& scan, const std::string& name) {
  const auto found = std::ranges::find(scan.left_out, name, &LeftOut::name);
  REQUIRE(found != scan.left_out.end());
  return *found;
}

}  // namespace

TEST_CASE("a library is a plugin by the name of its file") {
  CHECK(plugin_of_file("weather.so") == "weather");
  CHECK(plugin_of_file("libweather.so") == "weather");
  CHECK(plugin_of_file("lib-weather_2.so") == "");
  CHECK(plugin_of_file("Weather-2_b.so") == "Weather-2_b");
  for (const char* none :
       {"", ".so", "lib.so", "weather.so.1", "weather", "2weather.so", "we ather.so", "wéather.so"})
    CHECK_MESSAGE(plugin_of_file(none).empty(), none);
  CHECK(plugin_of_file(std::string(64, 'a') + ".so") == std::string(64, 'a'));
  CHECK(plugin_of_file(std::string(65, 'a') + ".so").empty());
}

TEST_CASE("a list of hashes is what sha256sum writes, or hashes alone") {
  const std::string a(64, 'a'), b(64, 'b'), c(64, 'c'), d(64, 'd');
  const auto hashes = read_hashes("# ours\n" + a + "  weather.so\n\n" + std::string(64, 'B') +
                                  " *lib.so\r\n\\" + c + "  odd\\nname.so\n" + d);
  REQUIRE_MESSAGE(hashes, (hashes ? "" : hashes.error().message));
  CHECK(*hashes == Hashes{a, b, c, d});
  CHECK(read_hashes("")->empty());
  for (const std::string& bad : {std::string("weather.so"), std::string(63, 'a'), std::string(65, 'a'),
                                 std::string(64, 'g'), a + "weather.so"}) {
    CAPTURE(bad);
    const auto read = read_hashes(a + "  x.so\n" + bad + "\n");
    REQUIRE_FALSE(read);
    CHECK(read.error().message.contains("line 2 "));
  }
}

TEST_CASE(
    "of a folder the libraries on the list are plugins, with nothing but what a section of theirs says") {
  Folder folder;
  folder.put("weather.so", "one");
  folder.put("libtimer.so", "two");
  folder.put("other.so", "three");
  folder.put(".weather.so", "being written");
  folder.put("README", "text");
  config::Entries<PluginSettings> plugins;
  plugins["timer"] = {.name = "timer", .config = {{"tick_ms", 5}}, .secrets = {{"key", "s"}}, .workers = 7};
  plugins["timer"].grant.hosts = {"a.example"};
  const auto scan = scan_folder(folder.allowing({"one", "two"}), plugins);
  REQUIRE_MESSAGE(scan, (scan ? "" : scan.error().message));
  REQUIRE(scan->plugins.size() == 2);
  const PluginSettings& timer = scan->plugins[0];
  CHECK(timer.name == "timer");
  CHECK(timer.path == folder.path("libtimer.so"));
  CHECK(timer.sha256 == sha256_hex("two"));
  CHECK(timer.config == Json{{"tick_ms", 5}});
  CHECK(timer.secrets.at("key") == "s");
  CHECK(timer.grant.hosts == std::vector<std::string>{"a.example"});
  CHECK(timer.workers == 7);
  CHECK(timer.from_folder);
  const PluginSettings& weather = scan->plugins[1];
  CHECK(weather.name == "weather");
  CHECK(weather.config.empty());
  CHECK(weather.secrets.empty());
  CHECK(weather.grant.hosts.empty());
  CHECK(weather.isolation == "process");
  REQUIRE(scan->left_out.size() == 1);
  CHECK(scan->left_out[0].name == "other");
  CHECK(scan->left_out[0].path == folder.path("other.so"));
  CHECK(scan->left_out[0].why ==
        "its SHA-256 " + sha256_hex("three") + " is not among those that `plugins_from` allows");
}

TEST_CASE(
    "a library that others may change, or that cannot be its name's, is left out and the others are not") {
  Folder folder;
  folder.put("weather.so", "one");
  folder.put("loose.so", "one", 0666);
  folder.put("libweather.so", "one");
  folder.put("2nd.so", "one");
  folder.put("own.so", "one");
  folder.put("strict.so", "one");
  fs::create_directory(folder.path("folder.so"));
  REQUIRE(::mkfifo(folder.path("pipe.so").c_str(), 0600) == 0);
  fs::create_symlink("/nowhere/at/all", folder.path("gone.so"));
  config::Entries<PluginSettings> plugins;
  plugins["own"] = {.name = "own", .path = "/usr/lib/own.so"};
  plugins["strict"] = {.name = "strict", .sha256 = std::string(64, '0')};
  const auto scan = scan_folder(folder.allowing({"one"}), plugins);
  REQUIRE_MESSAGE(scan, (scan ? "" : scan.error().message));
  REQUIRE(scan->plugins.size() == 1);
  CHECK(scan->plugins[0].path == folder.path("libweather.so"));
  CHECK(scan->left_out.size() == 8);
  CHECK(left_out(*scan, "weather").why == "libweather.so is plugin `weather` already");
  CHECK(left_out(*scan, "loose").why.contains("may be changed by anybody"));
  CHECK(left_out(*scan, "2nd.so").why.contains("its name cannot be a plugin's"));
  CHECK(left_out(*scan, "own").why.contains("has a `path` of its own"));
  CHECK(left_out(*scan, "strict").why.contains("`plugins.strict` says " + std::string(64, '0')));
  CHECK(left_out(*scan, "folder").why.contains("is no file"));
  CHECK(left_out(*scan, "pipe").why.contains("is no file"));
  CHECK(left_out(*scan, "gone").why.contains("No such file"));
}

TEST_CASE("a folder or a list that others may change is not used at all") {
  Folder folder, lists;
  folder.put("weather.so", "one");
  folder.open_to(0777);
  auto scan = scan_folder(folder.allowing({"one"}), {});
  REQUIRE_FALSE(scan);
  CHECK(scan.error().code == ErrorCode::denied);
  CHECK(scan.error().message.contains("the folder " + folder.path()));
  folder.open_to(0755);

  LibraryFolderSettings listed{.path = folder.allowing({}).path, .allow_file = lists.path("allowed")};
  lists.put("allowed", sha256_hex("one") + "  weather.so\n");
  scan = scan_folder(listed, {});
  REQUIRE(scan);
  CHECK(scan->plugins.size() == 1);
  lists.put("allowed", sha256_hex("one") + "  weather.so\n", 0666);
  scan = scan_folder(listed, {});
  REQUIRE_FALSE(scan);
  CHECK(scan.error().code == ErrorCode::denied);
  lists.put("allowed", "weather.so\n", 0644);
  scan = scan_folder(listed, {});
  REQUIRE_FALSE(scan);
  CHECK(scan.error().message.contains(lists.path("allowed") + ": line 1 "));
  lists.open_to(0777);
  scan = scan_folder(listed, {});
  REQUIRE_FALSE(scan);
  CHECK(scan.error().message.contains("the folder " + lists.path()));
}

TEST_CASE("more libraries than a folder may have are refused, and no folder is nothing") {
  Folder folder;
  for (std::size_t i = 0; i <= kFolderLibraries; ++i) folder.put("p" + std::to_string(i) + ".so", "one");
  const auto scan = scan_folder(folder.allowing({"one"}), {});
  REQUIRE_FALSE(scan);
  CHECK(scan.error().code == ErrorCode::too_large);
  const auto none = scan_folder({}, {});
  REQUIRE(none);
  CHECK(none->plugins.empty());
  CHECK_FALSE(scan_folder({.path = "/nowhere/at/all"}, {}));
}
