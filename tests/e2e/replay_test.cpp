#include "tests/e2e/recorded_stage.h"
#include "tests/e2e/replayed.h"
#include "tests/e2e/team_scene.h"
#include "tests/e2e/team_shapes.h"
#include "tests/e2e/team_stage.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/conversations.h"
#include "tests/fakes/run_loop.h"

#include <filesystem>
#include <fstream>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::Outcome;
using fakes::run;

namespace {

// Holds recorded conversations one after another; returns how many turns they had.
std::size_t hold_all(RecordedStage& stage, const std::set<std::string>& kinds, const std::string& agent) {
  stage.daemon.start();
  SystemClock clock;
  Loop loop(clock);
  std::size_t turns = 0;
  for (const auto& conversation : fakes::recorded_conversations()) {
    if (!kinds.contains(conversation.id.substr(0, conversation.id.find('-')))) continue;
    ChatClient client(loop);
    run(loop, client.connect(stage.daemon.url()));
    run(loop, client.open(fmt::format(R"(,"target":"{}")", agent)));
    for (const auto& turn : conversation.turns)
      run(loop, client.ask(fmt::format("m{}", ++turns), turn.question));
    run(loop, client.close());
  }
  CHECK(stage.daemon.stop().exit_code == 0);
  return turns;
}

// A store of its own for a configuration of the examples.
class Example {
 public:
  explicit Example(const std::string& name)
      : config_(std::string(TROUPE_SOURCE_DIR) + "/examples/" + name + ".yaml") {}

  Outcome run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program());
    arguments.insert(arguments.end(), {"-c", config_});
    return fakes::run_program(std::move(arguments), {"XDG_STATE_HOME=" + folder_.path().string()});
  }

 private:
  fakes::TempDir folder_;
  const std::string config_;
};

}  // namespace

TEST_CASE("every recorded conversation replays to the same events") {
  SUBCASE("Wikipedia, streamed") {
    RecordedStage stage({.kit = "wiki"});
    const std::size_t turns = hold_all(stage, {"hotpot"}, "streamed");
    CHECK(turns > 0);
    CHECK(check_all_replay(stage.daemon) == turns);
  }
  SUBCASE("the web, streamed") {
    RecordedStage stage;
    const std::size_t turns = hold_all(stage, {"fever", "fireact", "knowagent"}, "streamed");
    CHECK(turns > 0);
    CHECK(check_all_replay(stage.daemon) == turns);
  }
  SUBCASE("the web, replies as whole bodies") {
    RecordedStage stage;
    const std::size_t turns = hold_all(stage, {"traces", "crew", "autogpt", "openai"}, "whole");
    CHECK(turns > 0);
    CHECK(check_all_replay(stage.daemon) == turns);
  }
  SUBCASE("an agent that recalls only the last turn") {
    RecordedStage stage;
    const std::size_t turns = hold_all(stage, {"fireact"}, "windowed");
    CHECK(check_all_replay(stage.daemon) == turns);
  }
}

TEST_CASE("every example that answers offline replays to the same events") {
  struct Asked {
    const char* example;
    std::vector<const char*> targets;
    const char* text;
    std::vector<const char*> inputs = {};
    bool knows = false;
  };
  const std::vector<Asked> all = {
      {"hello", {""}, "What is (17.5% of 2480) + 12^3?"},
      {"fallback", {""}, "What is 2 + 2?"},
      {"guardrails", {""}, "What is 3 * 7?"},
      {"code-review-graph", {""}, "def f(x): return x"},
      {"debate", {""}, "Should everybody be in the office?"},
      {"memory", {"", "searcher", "assistant"}, "My name is Ann"},
      {"strategies", {"", "lines", "caller", "companion", "reader", "asker", "planner"}, "What is 4 * 8?"},
      {"handbook", {"", "reader", "ask"}, "How many days of leave are there?", {}, true},
      {"own-tools", {""}, "How many days of leave are there?"},
      {"market-report", {""}, "annual leave", {"topic=annual leave"}, true},
      {"newsroom", {""}, "A short piece on annual leave", {}, true},
      {"pdf-qa", {""}, "What is it about?", {}, true},
      // Their models cannot be reached: how the runs fail is what replays.
      {"providers", {""}, "hi"},
      {"president-chain", {""}, "France", {"country=France"}},
      {"blog-writer", {"blog", "editor"}, "Write it.", {"topic=bees", "audience=all", "words=90"}},
      {"research-trends-ko", {""}, "AI"},
      {"research", {""}, "AI"}};
  std::set<std::string> tried = {"support-desk", "approval",
                                 "code"};  // which wait for a person, or want a Python
  for (const Asked& one : all) tried.insert(one.example);
  for (const auto& file : std::filesystem::directory_iterator(std::string(TROUPE_SOURCE_DIR) + "/examples"))
    if (file.path().extension() == ".yaml") CHECK_MESSAGE(tried.contains(file.path().stem()), file.path());
  for (const Asked& one : all) {
    CAPTURE(one.example);
    Example example(one.example);
    if (one.knows) CHECK(example.run({"knowledge", "add"}).exit_code == 0);
    for (const char* target : one.targets) {
      std::vector<std::string> arguments = {"ask", one.text};
      if (*target) arguments.insert(arguments.end(), {"--target", target});
      for (const char* input : one.inputs) arguments.insert(arguments.end(), {"--input", input});
      CHECK(example.run(arguments).exit_code <= 1);
    }
    const Outcome outcome = example.run({"runs", "replay", "--all"});
    CAPTURE(outcome.out);
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.out.ends_with(fmt::format("{0} the same, 0 differ, 0 skipped\n", one.targets.size())));
  }
}

TEST_CASE("an example whose call waits for a person is compared as far as it has come") {
  for (const auto& [name, text] : {std::pair{"support-desk", "I want my money back for order 12"},
                                   std::pair{"approval", "What is 17.5% of 2480?"}}) {
    CAPTURE(name);
    Example example(name);
    CHECK(example.run({"ask", text}).exit_code == 3);
    const Outcome outcome = example.run({"runs", "replay", "--all", "--json"});
    CHECK(outcome.exit_code == 0);
    CHECK(outcome.out.contains(R"("outcome":"same","unfinished":true)"));
  }
}

TEST_CASE("teams of every pattern replay to the same events") {
  TeamModels models;
  Daemon daemon(team_yaml(models));
  daemon.start();
  REQUIRE_MESSAGE(!daemon.url().empty(), daemon.stop().err);
  std::size_t asked = 0;
  for (const TeamShape& shape : team_shapes()) {
    CAPTURE(shape.name);
    const auto played = play(models, shape);
    TeamTalk talk(daemon, shape.name);
    (void)talk.ask(question_for(shape));
    ++asked;
  }
  CHECK(daemon.stop().exit_code == 0);
  CHECK(check_all_replay(daemon) == asked);
}

TEST_CASE("runs replay says what differs under the configuration as it is now, and exits with 1") {
  const std::string before =
      "models: { local: { provider: builtin } }\n"
      "tools: { calculator: { type: calculator } }\n"
      "agents: { hello: { model: local, tools: [calculator]";
  Daemon daemon(before + " } }\n");
  CHECK(daemon.run({"ask", "-c", daemon.config(), "What is 6 * 7?"}).exit_code == 0);
  daemon.rewrite(before + ", instructions: \"Be brief.\" } }\n");

  CHECK(daemon.run({"runs", "replay", "--all", "-c", daemon.config()}).exit_code == 0);
  const Outcome now = daemon.run({"runs", "replay", "--all", "--config-now", "-c", daemon.config()});
  CHECK(now.exit_code == 1);
  CHECK(now.out.contains("model.intent, /system"));
  CHECK(now.out.contains("Be brief."));
  CHECK(now.out.contains("1 runs, "));
  CHECK(now.out.contains("0 the same, 1 differ, 0 skipped"));
  CHECK(daemon.run({"runs", "replay", "r_", "--config-now", "-c", daemon.config()}).exit_code == 1);
}

TEST_CASE("a replay needs no secret that the run began with") {
  Daemon daemon(
      "models: { local: { provider: builtin }, other: { provider: openai, model: gpt-4o-mini, api_key: "
      "\"${SECRET_OF_REPLAY}\" }, third: { provider: openai, model: gpt-4o-mini, api_key: written-down } }\n"
      "tools: { calculator: { type: calculator } }\n"
      "agents: { hello: { model: local, tools: [calculator] } }\n");
  const std::vector<std::string> with = {"SECRET_OF_REPLAY=sk-1234567890"};
  CHECK(fakes::run_program({program(), "ask", "-c", daemon.config(), "What is 6 * 7?"}, with).exit_code == 0);
  daemon.rewrite("models: { local: { provider: builtin } }\nagents: { other: { model: local } }\n");
  CHECK(daemon.run({"runs", "replay", "--all", "-c", daemon.config()}).exit_code == 0);
}

TEST_CASE("wrong use of runs replay says what is wrong") {
  Daemon daemon("models: { local: { provider: builtin } }\nagents: { hello: { model: local } }\n");
  const auto replay = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"runs", "replay", "-c", daemon.config()});
    return daemon.run(more);
  };
  CHECK(replay({"--all"}).exit_code == 2);  // no store yet
  CHECK(daemon.run({"ask", "-c", daemon.config(), "hello"}).exit_code == 0);
  CHECK(replay({}).exit_code == 2);
  CHECK(replay({"--all", "r_1"}).exit_code == 2);
  CHECK(replay({"--target", "hello"}).exit_code == 2);
  CHECK(replay({"--all", "--since", "yesterday"}).exit_code == 2);
  CHECK(replay({"--all", "--session", "s_nobody"}).exit_code == 2);
  const Outcome unknown = replay({"r_nobody"});
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.err.contains("there is no run `r_nobody`"));
  CHECK(replay({"--all", "--target", "nobody"}).out.starts_with("0 runs"));
  CHECK(replay({"--all", "--until", "2001-01-01"}).out.starts_with("0 runs"));
  CHECK(replay({"--all", "--status", "done", "--since", "2001-01-01", "-n", "5"}).out.starts_with("1 runs"));
}

TEST_CASE("a damaged store is said to be damaged") {
  Daemon daemon("models: { local: { provider: builtin } }\nagents: { hello: { model: local } }\n");
  CHECK(daemon.run({"ask", "-c", daemon.config(), "hello"}).exit_code == 0);
  const std::string file = daemon.store() + "/journal.db";
  std::string bytes;
  {
    std::ifstream in(file, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const std::size_t at = bytes.find("\"type\":\"run.finished\"");
  REQUIRE(at != std::string::npos);
  bytes[at + 9] = 'R';
  std::ofstream(file, std::ios::binary) << bytes;
  const Outcome outcome = daemon.run({"runs", "replay", "--all", "-c", daemon.config()});
  CHECK(outcome.exit_code == 4);
  CHECK(outcome.err.contains("damaged"));
}

TEST_CASE("an imported turn is not replayed, and does not fail the others") {
  Daemon daemon(
      "models: { local: { provider: builtin } }\ntools: { calculator: { type: calculator } }\n"
      "agents: { hello: { model: local, tools: [calculator] } }\n");
  CHECK(daemon.run({"ask", "-c", daemon.config(), "What is 6 * 7?"}).exit_code == 0);
  const Outcome listed = daemon.run({"sessions", "list", "--json", "-c", daemon.config()});
  const auto session = parse_json(listed.out.substr(0, listed.out.find('\n')));
  REQUIRE(session);
  const Outcome exported =
      daemon.run({"sessions", "export", "-c", daemon.config(), string_or(*session, "session")});
  REQUIRE_MESSAGE(exported.exit_code == 0, exported.err);
  CHECK(daemon.run({"sessions", "import", "-c", daemon.config(), "-"}, exported.out).exit_code == 0);
  const Outcome outcome = daemon.run({"runs", "replay", "--all", "-c", daemon.config()});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.contains("1 the same, 0 differ, 1 skipped"));
}
