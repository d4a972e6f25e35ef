// Runs that are compacted: by hand, and by a daemon that is killed while it does.
#include "runtime/base/json.h"
#include "runtime/store/sqlite.h"
#include "tests/e2e/daemon.h"

#include <chrono>
#include <fstream>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using namespace std::chrono_literals;

namespace {

constexpr const char* kClerk = R"(
models: { local: { provider: builtin } }
tools: { calculator: { type: calculator } }
agents: { clerk: { model: local, tools: [calculator] } }
)";

fakes::Outcome command(Daemon& daemon, std::vector<std::string> words) {
  words.insert(words.end(), {"-c", daemon.config()});
  return daemon.run(std::move(words));
}

std::string ask(Daemon& daemon) {
  const auto asked = command(daemon, {"ask", "What is 6*7?"});
  REQUIRE_MESSAGE(asked.exit_code == 0, asked.err);
  const auto listed = parse_json(command(daemon, {"runs", "list", "--json", "-n", "1"}).out);
  REQUIRE(listed);
  return string_or(*listed, "run");
}

/// How many facts of a kind there are, once there are no others.
std::int64_t facts_left(Daemon& daemon, const char* kind) {
  const auto count = [&](const char* sql) {
    auto file = store::Database::open(daemon.store() + "/journal.db", store::Database::Mode::read);
    return file ? file->integer(sql).value_or(0).value_or(0) : 0;
  };
  const std::string others = fmt::format("SELECT count(*) FROM facts WHERE kind <> '{}'", kind);
  const auto began = std::chrono::steady_clock::now();
  while (count(others.c_str()) > 0 && std::chrono::steady_clock::now() - began < 20s)
    std::this_thread::yield();
  return count(fmt::format("SELECT count(*) FROM facts WHERE kind = '{}'", kind).c_str());
}

/// What people see of a run.
std::string seen(Daemon& daemon, const std::string& run) {
  std::string text;
  for (const std::vector<std::string>& words : {std::vector<std::string>{"runs", "show", run, "--json"},
                                                {"runs", "export", run, "--format", "openai-chat"},
                                                {"sessions", "list", "--json"},
                                                {"runs", "usage", "--json"}}) {
    const auto outcome = command(daemon, words);
    CHECK_MESSAGE(outcome.exit_code == 0, outcome.err);
    text += outcome.out;
  }
  return text;
}

}  // namespace

TEST_CASE("old runs are compacted by hand: what people see is the same, and the rest says when it went") {
  Daemon daemon(kClerk);
  daemon.start();
  const std::string run = ask(daemon);
  CHECK(daemon.stop().exit_code == 0);
  const std::string before = seen(daemon, run);

  for (const char* wrong : {"90", "ninety", "-1d", "1d12h"}) {
    const auto refused = command(daemon, {"store", "compact", fmt::format("--older-than={}", wrong)});
    CHECK(refused.exit_code == 2);
    CHECK(refused.err.contains("--older-than: expected a duration"));
  }
  auto compacted = command(daemon, {"store", "compact", "--older-than", "90d"});
  CHECK_MESSAGE(compacted.exit_code == 0, compacted.err);
  CHECK(compacted.out.contains(" 0 runs that ended before "));
  CHECK(command(daemon, {"runs", "replay", run}).exit_code == 0);
  compacted = command(daemon, {"store", "compact", "--older-than", "0s"});
  CHECK_MESSAGE(compacted.exit_code == 0, compacted.err);
  CHECK(compacted.out.contains(" 1 runs that ended before "));

  CHECK(seen(daemon, run) == before);
  const auto checked = command(daemon, {"store", "check", "--deep"});
  CHECK_MESSAGE(checked.exit_code == 0, checked.out);
  const auto replayed = command(daemon, {"runs", "replay", run});
  CHECK(replayed.exit_code == 2);
  CHECK(replayed.out.contains("it was compacted on 20"));
  const auto all = command(daemon, {"runs", "replay", "--all"});
  CHECK(all.exit_code == 0);
  CHECK(all.out.contains("1 skipped"));
  const auto prompt = command(daemon, {"runs", "show", run, "--prompt"});
  CHECK(prompt.exit_code == 1);
  CHECK(prompt.err.contains("it was compacted on 20"));

  daemon.start();
  for (const char* verb : {"fork", "resume"}) {
    const auto refused = command(daemon, {"runs", verb, run});
    CHECK(refused.exit_code == 1);
    CHECK_MESSAGE(refused.err.contains("it was compacted on 20"), refused.err);
  }
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("a daemon that is killed while it compacts leaves a whole store, and goes on with it") {
  for (const char* fault :
       {"journal.commit/log.dropped:1:exit137", "journal.committed/run.compacted:1:exit137"}) {
    CAPTURE(std::string(fault));
    Daemon daemon(kClerk);
    daemon.start();
    ask(daemon);
    const std::string second = ask(daemon);
    CHECK(daemon.stop().exit_code == 0);
    const std::string before = seen(daemon, second);
    std::ofstream(daemon.config()) << "version: 1\nserver: { listen: 127.0.0.1:0 }\nstore: { path: "
                                   << daemon.store() << ", compact_after: 1ms }\n"
                                   << kClerk;
    daemon.at_once = true;
    daemon.start({fmt::format("TROUPE_FAULT={}", fault)});
    CHECK(daemon.process().wait().exit_code == 137);
    CHECK(command(daemon, {"store", "check", "--deep"}).exit_code == 0);

    daemon.at_once = false;
    daemon.start();
    CHECK(facts_left(daemon, "run.compacted") == 2);
    CHECK(daemon.stop().exit_code == 0);
    CHECK(seen(daemon, second) == before);
    CHECK(command(daemon, {"store", "check", "--deep"}).exit_code == 0);
  }
}
