// Plugins in the real daemon: a hostile one beside conversations that must not notice, one that is replaced
// while it is used, and what `troupe plugin` writes and checks.
#include "runtime/async/nursery.h"
#include "tests/e2e/daemon.h"
#include "tests/e2e/libraries.h"
#include "tests/fakes/chat_client.h"

#include <chrono>
#include <functional>
#include <iterator>
#include <map>
#include <tuple>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct Bad {
  std::string tool;
  std::string words;  ///< of what an agent would read of it
  bool ok = false;    ///< the call itself succeeds
};

const std::vector<Bad>& bad_tools() {
  static const std::vector<Bad> kAll = {
      {"crash", "plugin hostile "},  // "was ended by SIGSEGV", or what a sanitizer says
      {"leave", "plugin hostile exited with code 7"},
      {"hang", "did not finish within 2 s and was stopped"},
      {"spin", "did not finish within 2 s and was stopped"},
      {"never", "did not finish within 2 s and was stopped"},
      {"flood_stdout", "plugin hostile flooded its error output"},
      {"flood_answer", "67108864 bytes, at most"},
      {"break_channel", "bytes"},
      {"twice", "first", true},
      {"fork_bomb", "cannot fork", true},
      {"read_shadow", "cannot read", true},
      {"connect_out", "no socket", true},
      {"write_file", "cannot write", true},
      {"trace_parent", "cannot trace", true}};
  return kAll;
}

/// A team for each bad tool, whose one node calls it; and a clerk, who answers by himself.
std::string hostile_yaml(const std::string& library) {
  std::string yaml = fmt::format(R"(
models: {{ local: {{ provider: builtin }} }}
plugins: {{ hostile: {{ path: {}, workers: 4 }} }}
tools:
  calculator: {{ type: calculator }}
  hostile: {{ type: plugin, plugin: hostile }}
agents:
  clerk: {{ model: local, tools: [calculator] }}
  bystander: {{ model: local, tools: [hostile/echo] }}
default: clerk
teams:
)",
                                 library);
  for (const Bad& bad : bad_tools())
    yaml += fmt::format(
        "  bad_{0}: {{ pattern: graph, start: go, members: [bystander], nodes: {{ go: {{ "
        "tool: "
        "hostile/{0}, input: {{}} }} }}, edges: [ {{ from: go, to: end }} ] }}\n",
        bad.tool);
  return yaml;
}

/// A team whose one node greets by the plugin.
std::string greeting_yaml(const std::string& library, const std::string& more = "") {
  return fmt::format(R"(
models: {{ local: {{ provider: builtin }} }}
plugins: {{ greet: {{ path: {}, {} }} }}
tools: {{ greet: {{ type: plugin, plugin: greet }} }}
agents: {{ bystander: {{ model: local, tools: [greet] }} }}
teams:
  flow: {{ pattern: graph, start: go, members: [bystander], nodes: {{ go: {{ tool: greet/greet, input: {{ name: "{{input}}" }} }} }}, edges: [ {{ from: go, to: end }} ] }}
)",
                     library, more);
}

Task<std::vector<Json>> talk(Loop& loop, std::string url, std::string target, std::string text) {
  ChatClient client(loop);
  co_await client.connect(url);
  co_await client.open(fmt::format(R"(,"target":"{}")", target));
  auto frames = co_await client.ask("m1", text);
  co_await client.close();
  co_return frames;
}

fakes::Outcome in_folder(std::vector<std::string> command, const fs::path& folder) {
  return fakes::run_program(std::move(command),
                            {"PATH=" + fs::path(program()).parent_path().string() + ":/usr/bin:/bin"}, "",
                            folder.string());
}

}  // namespace

TEST_CASE("a hundred conversations go on while a plugin does everything wrong, each in its time") {
  Libraries libraries;
  Daemon daemon(hostile_yaml(libraries.put(TROUPE_HOSTILE_PLUGIN, "libhostile.so")));
  daemon.start();
  REQUIRE(daemon.url().starts_with("http://"));
  SystemClock clock;
  Loop loop(clock);
  Nursery nursery(loop);
  std::map<std::string, std::vector<Json>> ends;
  std::map<std::string, Milliseconds> took;
  int answered = 0;
  for (const Bad& bad : bad_tools())
    nursery.spawn("the bad", [&]() -> Task<> {
      const Instant from = clock.now();
      ends[bad.tool] = co_await talk(loop, daemon.url(), "bad_" + bad.tool, "go");
      took[bad.tool] = std::chrono::duration_cast<Milliseconds>(clock.now() - from);
    });
  for (int i = 0; i < 100; ++i)
    nursery.spawn("the good", [&, i]() -> Task<> {
      const auto frames = co_await talk(loop, daemon.url(), "clerk", fmt::format("What is {}*7?", i));
      answered += string_or(fakes::frame_of(frames, "answer"), "text").contains(std::to_string(i * 7));
    });
  fakes::run(loop, nursery.join());
  CHECK(answered == 100);
  for (const Bad& bad : bad_tools()) {
    CAPTURE(bad.tool);
    const Json end = fakes::frame_of(ends[bad.tool], "run.finished");
    CHECK(string_or(end, "status") == (bad.ok ? "done" : "failed"));
    const std::string said = dump(Json(ends[bad.tool]));
    CHECK_MESSAGE(said.contains(bad.words), said);
    MESSAGE(bad.tool, " ended after ", took[bad.tool].count(), " ms");
  }
  // It still works for who behaves.
  const auto called = daemon.run({"tools", "call", "-c", daemon.config(), "hostile/echo", R"({"a":1})"});
  CHECK_MESSAGE(called.out == "{\"a\":1}\n", called.err);
  CHECK(daemon.stop().exit_code == 0);
  CHECK(daemon.run({"store", "check", "--deep", "-c", daemon.config()}).exit_code == 0);
}

TEST_CASE("a library that is replaced is used from then on, and a broken one leaves the old in place") {
  Libraries libraries;
  const std::string library = libraries.put(TROUPE_GREET_PLUGIN, "libgreet.so");
  Daemon daemon(greeting_yaml(library));
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  const auto answer = [&] {
    return string_or(fakes::frame_of(fakes::run(loop, talk(loop, daemon.url(), "flow", "Ada")), "answer"),
                     "text");
  };
  CHECK(answer() == "Hello, Ada!");
  std::ofstream(library) << "not a library";
  CHECK(answer() == "Hello, Ada!");
  libraries.put(TROUPE_GREET2_PLUGIN, "libgreet.so");
  std::string said;
  for (int i = 0; i < 1'000 && said != "Good day, Ada!"; ++i) said = answer();
  CHECK(said == "Good day, Ada!");
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE(
    "an earlier library that is put back is used again, and a refused one is tried whenever it is put "
    "there") {
  Libraries libraries;
  const fakes::TempDir aside;
  fs::permissions(aside.path(), fs::perms(0755));
  const fs::path needed = aside.path() / "needed";
  fs::create_directory(needed);
  const std::string library = libraries.put(TROUPE_GREET_PLUGIN, "libgreet.so");
  Daemon daemon(greeting_yaml(library, fmt::format("grant: {{ read: [ {} ] }}", needed.string())));
  const std::string log = (aside.path() / "log").string();
  daemon.starter = {"/bin/sh", "-c", "exec \"$@\" 2>" + log, "sh"};
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  const auto comes = [&](const std::function<bool()>& true_now) {
    const Instant until = clock.now() + 60s;
    Stop never;
    bool came = true_now();
    while (!came && clock.now() < until) {
      fakes::run(loop, [](Loop& on, Stop& stop) -> Task<> { co_await on.sleep_for(5ms, stop); }(loop, never));
      came = true_now();
    }
    return came;
  };
  const auto says = [&](const std::string& words) {
    return [&, words] {
      return string_or(fakes::frame_of(fakes::run(loop, talk(loop, daemon.url(), "flow", "Ada")), "answer"),
                       "text") == words;
    };
  };
  const auto refused = [&](int times) {
    return [&log, times] {
      std::ifstream in(log);
      const std::string text(std::istreambuf_iterator<char>(in), {});
      int found = 0;
      for (auto at = text.find("cannot be used"); at != text.npos; at = text.find("cannot be used", at + 1))
        ++found;
      return found == times;
    };
  };
  CHECK(says("Hello, Ada!")());
  libraries.put(TROUPE_GREET2_PLUGIN, "libgreet.so");
  CHECK(comes(says("Good day, Ada!")));
  libraries.put(TROUPE_GREET_PLUGIN, "libgreet.so");
  CHECK(comes(says("Hello, Ada!")));

  // It cannot start while what it may read is not there, and each time that is said.
  fs::remove(needed);
  libraries.put(TROUPE_GREET2_PLUGIN, "libgreet.so");
  CHECK(comes(refused(1)));
  libraries.put(TROUPE_GREET2_PLUGIN, "libgreet.so");
  CHECK(comes(refused(2)));
  fs::create_directory(needed);
  CHECK(says("Hello, Ada!")());
  libraries.put(TROUPE_GREET2_PLUGIN, "libgreet.so");
  CHECK(comes(says("Good day, Ada!")));
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("what `troupe plugin new` writes is for whom the user's umask lets read it") {
  for (const auto& [mask, folder_mode, file_mode] :
       {std::tuple("022", 0755, 0644), std::tuple("027", 0750, 0640)}) {
    const fakes::TempDir folder;
    const auto made =
        in_folder({"/bin/sh", "-c", fmt::format("umask {}; exec {} plugin new counter", mask, program())},
                  folder.path());
    REQUIRE_MESSAGE(made.exit_code == 0, made.err);
    CHECK(fs::status(folder.path() / "counter").permissions() == fs::perms(folder_mode));
    CHECK(fs::status(folder.path() / "counter" / "counter.cpp").permissions() == fs::perms(file_mode));
  }
}

TEST_CASE("`troupe plugin new` tells CMake where troupe is, where PATH does not") {
  const fakes::TempDir folder;
  const auto here = in_folder({program(), "plugin", "new", "here"}, folder.path());
  CHECK_MESSAGE(here.out.contains("cmake -B build && "), here.out);
  const auto away = fakes::run_program({program(), "plugin", "new", "away"}, {"PATH=/usr/bin:/bin"}, "",
                                       folder.path().string());
  CHECK_MESSAGE(away.out.contains(fmt::format("cmake -B build -DTROUPE={} && ", program())), away.out);
  std::ifstream lists(folder.path() / "away" / "CMakeLists.txt");
  CHECK(std::string(std::istreambuf_iterator<char>(lists), {}).contains("-DTROUPE=/path/to/troupe"));
}

TEST_CASE("what `troupe plugin new` writes compiles by itself and passes its own test, in both languages") {
  for (const char* language : {"c++", "c"}) {
    CAPTURE(language);
    const fakes::TempDir folder;  // its owner's alone, as root's home is
    auto made = in_folder({program(), "plugin", "new", "counter", "--lang", language}, folder.path());
    REQUIRE_MESSAGE(made.exit_code == 0, made.err);
    const fs::path counter = folder.path() / "counter";
    // The command that the README gives.
    const std::size_t at = made.out.rfind("mkdir -p build");
    REQUIRE(at != std::string::npos);
    std::string compile = made.out.substr(at);
    for (const auto& [from, to] :
         {std::pair("c++ -std", "clang++-19 -std"), std::pair("cc -std", "clang-19 -std")})
      if (const std::size_t found = compile.find(from); found != std::string::npos)
        compile.replace(found, std::string_view(from).size(), to);
    const auto compiled = in_folder({"/bin/sh", "-c", compile}, counter);
    REQUIRE_MESSAGE(compiled.exit_code == 0, compiled.err);
    const auto checked =
        in_folder({program(), "plugin", "check", "build/libcounter.so", "--repeats", "50"}, counter);
    CHECK_MESSAGE(checked.exit_code == 0, (checked.out + checked.err));
    CHECK(checked.out.contains("no problems found"));
    std::ofstream(counter / "troupe.yaml", std::ios::app) << "store: { path: ./store }\n";
    const auto called =
        in_folder({program(), "tools", "call", "counter", R"({"text": "one two three"})"}, counter);
    CHECK_MESSAGE(called.out.contains("words"), called.err);
    const auto listed = in_folder({program(), "plugin", "list"}, counter);
    CHECK_MESSAGE(listed.out.contains("Counts the words of a text"), listed.err);
    CHECK(in_folder({program(), "plugin", "new", "counter"}, folder.path()).exit_code == 2);
    CHECK(in_folder({program(), "plugin", "new", "No Name"}, folder.path()).exit_code == 2);
  }
}

TEST_CASE("`troupe plugin check` finds fault with a bad plugin, and says what is no plugin at all") {
  Libraries libraries;
  const std::string hostile = libraries.put(TROUPE_HOSTILE_PLUGIN, "libhostile.so");
  const auto checked = fakes::run_program(
      {program(), "plugin", "check", hostile, "--repeats", "10", "--call", "twice={}", "--call", "crash={}"});
  CHECK(checked.exit_code == 1);
  CHECK(checked.out.contains("PROBLEM  tool `twice` finished"));
  CHECK(checked.out.contains("PROBLEM  tool `crash`: call 1 ended its worker"));
  CHECK(checked.out.contains("skipped  tool `leave` is at_most_once"));
  const auto none = fakes::run_program({program(), "plugin", "check", program()});
  CHECK(none.exit_code == 1);
  CHECK(none.out.contains("PROBLEM"));
  CHECK(fakes::run_program({program(), "plugin", "check", "/nowhere.so"}).exit_code == 2);
}
