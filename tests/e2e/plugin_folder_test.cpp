// `plugins_from:` in the real daemon: a library that comes while it runs is used by the next conversation.
#include "runtime/base/sha256.h"
#include "tests/e2e/daemon.h"
#include "tests/e2e/libraries.h"
#include "tests/fakes/chat_client.h"

#include <fstream>
#include <iterator>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;

namespace {

std::string hash_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return sha256_hex(std::string(std::istreambuf_iterator<char>(in), {}));
}

Task<std::string> ask(Loop& loop, std::string url, std::string text) {
  ChatClient client(loop);
  co_await client.connect(url);
  co_await client.open(R"(,"target":"flow")");
  auto frames = co_await client.ask("m1", text);
  co_await client.close();
  co_return string_or(fakes::frame_of(frames, "answer"), "text");
}

/// A team whose one node calls the tool of the folder's plugin `greet`.
std::string yaml(const std::string& folder, const std::string& list) {
  return fmt::format(R"(
models: {{ local: {{ provider: builtin }} }}
plugins_from: {{ path: {}, allow_file: {} }}
tools:
  greet: {{ type: plugin, plugin: greet }}
  all: {{ type: plugin }}
agents: {{ bystander: {{ model: local, tools: [greet, all] }} }}
teams:
  flow: {{ pattern: graph, start: go, members: [bystander], nodes: {{ go: {{ tool: greet/greet, input: {{ name: "{{input}}" }} }} }}, edges: [ {{ from: go, to: end }} ] }}
)",
                     folder, list);
}

}  // namespace

TEST_CASE(
    "libraries of a folder are used when they are on the list, also those that come while the daemon runs") {
  Libraries libraries, lists;
  const std::string list = lists.path() + "/allowed";
  const auto allow = [&](const std::vector<std::string>& files) {
    std::ofstream out(list);
    for (const std::string& file : files) out << hash_of(file) << "  " << file << "\n";
  };
  allow({TROUPE_GREET_PLUGIN});
  libraries.put(TROUPE_GREET_PLUGIN, "libgreet.so");
  libraries.put(TROUPE_TIMER_PLUGIN, "timer.so");
  Daemon daemon(yaml(libraries.path(), list));
  const auto checked = daemon.run({"check", daemon.config()});
  CHECK(checked.exit_code == 0);
  CHECK_MESSAGE(checked.out.contains("timer.so is not loaded: its SHA-256 " + hash_of(TROUPE_TIMER_PLUGIN)),
                checked.out);
  const auto listed = daemon.run({"plugin", "list", "-c", daemon.config()});
  CHECK_MESSAGE(listed.out.contains("greet            greet 1.0, in worker processes"), listed.out,
                listed.err);
  CHECK_MESSAGE(
      listed.out.contains("timer            not loaded, " + libraries.path() + "/timer.so: its SHA-256"),
      listed.out);

  daemon.start();
  REQUIRE(daemon.url().starts_with("http://"));
  SystemClock clock;
  Loop loop(clock);
  CHECK(fakes::run(loop, ask(loop, daemon.url(), "Ada")) == "Hello, Ada!");

  // Another version, which the list does not have yet; then it does.
  libraries.put(TROUPE_GREET2_PLUGIN, "libgreet.so");
  CHECK(fakes::run(loop, ask(loop, daemon.url(), "Ada")) == "Hello, Ada!");
  allow({TROUPE_GREET2_PLUGIN, TROUPE_TIMER_PLUGIN});
  std::string said;
  for (int i = 0; i < 1'000 && said != "Good day, Ada!"; ++i)
    said = fakes::run(loop, ask(loop, daemon.url(), "Ada"));
  CHECK(said == "Good day, Ada!");
  const auto waited =
      daemon.run({"tools", "call", "-c", daemon.config(), "all/timer_wait", R"({"seconds":0})"});
  CHECK_MESSAGE(waited.out == "0 seconds are over\n", waited.err);
  CHECK(daemon.stop().exit_code == 0);
}
