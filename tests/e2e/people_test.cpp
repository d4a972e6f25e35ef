#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/terminal.h"

#include <set>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::Terminal;

namespace {

constexpr const char* kPair = R"(
models: { local: { provider: builtin } }
tools: { calculator: { type: calculator } }
agents:
  left: { model: local, tools: [calculator], approve: [calculator] }
  right: { model: local, tools: [calculator], approve: [calculator] }
teams: { pair: { pattern: parallel, members: [left, right] } }
default: pair
)";

constexpr const char* kFlow = R"(
models: { local: { provider: builtin } }
tools: { boss: { type: ask_human } }
agents: { clerk: { model: local } }
teams:
  flow:
    pattern: graph
    start: refund
    nodes:
      refund: { person: "Refund {input}?" }
      how: { tool: boss, input: { question: "How?", options: [cash, card] } }
    edges: [ { from: refund, to: how }, { from: how, to: end } ]
default: flow
)";

struct Client {
  SystemClock clock;
  Loop loop{clock};
  ChatClient chat{loop};

  explicit Client(const Daemon& daemon) { fakes::run(loop, chat.connect(daemon.url())); }
  Json open(std::string fields = "") { return fakes::run(loop, chat.open(std::move(fields))); }
  void send(const Json& frame) { fakes::run(loop, chat.send(dump(frame))); }
  std::vector<Json> until(std::string type) { return fakes::run(loop, chat.until(std::move(type))); }

  /// Opens a session and returns the member runs that wait there, once there are so many.
  std::set<std::string> waiting_in(const std::string& session, std::size_t count) {
    std::set<std::string> runs;
    const Json opened = open(R"(,"session":")" + session + "\"");
    if (const Json* waiting = find(opened, "waiting"))
      for (const Json& one : *waiting) runs.insert(one["run"]);
    while (runs.size() < count) runs.insert(until("approval.required").back()["run"]);
    return runs;
  }
  Json end_of(const std::string& run) {
    for (;;)
      if (Json end = until("run.finished").back(); end["run"] == run) return end;
  }
};

}  // namespace

TEST_CASE("two members wait at once, two clients decide, and kill -9 comes between") {
  Daemon daemon(kPair);
  daemon.start();
  std::string session, root;
  std::set<std::string> runs;
  {
    Client client(daemon);
    session = client.open()["session"];
    client.send({{"type", "message"}, {"id", "m1"}, {"text", "What is 17.5% of 2480?"}});
    root = client.until("ack").back()["run"];
    while (runs.size() < 2) {
      const Json required = client.until("approval.required").back();
      CHECK(required["call"] == "c_1");
      runs.insert(required["run"]);
    }
    CHECK_FALSE(runs.contains(root));
    client.send({{"type", "approve"}, {"id", "a0"}, {"call", "c_1"}});
    const Json vague = client.until("error").back();
    CHECK(vague["code"] == "invalid");
    CHECK(vague["message"].get<std::string>().contains("say which with `run`"));
  }
  daemon.kill();
  daemon.start();

  const std::string first = *runs.begin(), second = *runs.rbegin();
  {
    Client one(daemon), other(daemon);
    CHECK(one.waiting_in(session, 2) == runs);
    CHECK(other.waiting_in(session, 2) == runs);
    one.send({{"type", "approve"}, {"id", "a1"}, {"call", "c_1"}, {"run", first}});
    one.until("ack");
    other.send({{"type", "deny"}, {"id", "d1"}, {"call", "c_1"}, {"run", first}});
    CHECK(other.until("error").back()["code"] == "already_decided");
  }
  daemon.kill();
  daemon.start();

  Client last(daemon);
  CHECK(last.waiting_in(session, 1) == std::set<std::string>{second});
  last.send({{"type", "approve"}, {"id", "a2"}, {"call", "c_1"}, {"run", second}});
  CHECK(last.end_of(root)["status"] == "done");
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("questions are asked on the terminal, by this process and by a daemon") {
  for (bool served : {false, true}) {
    Daemon daemon(kFlow);
    if (served) daemon.start();
    {
      Terminal ask({program(), "ask", "-c", daemon.config(), "20 EUR"});
      ask.until("ask_human asks");
      ask.until("Refund 20 EUR?");
      ask.until("Your answer (");
      ask.type("");
      ask.until("Your answer (");
      ask.type("  gladly ");
      ask.until("1. cash");
      ask.until("2. card");
      ask.until("Your answer, 1 to 2");
      ask.type("3");
      ask.until("none of them");
      ask.type("Cash");
      ask.until("cash");
      CHECK(ask.wait() == 0);
    }
    {
      Terminal ask({program(), "ask", "-c", daemon.config(), "20 EUR"});
      ask.until("Your answer (");
      ask.type("yes");
      ask.until("Your answer, 1 to 2");
      ask.type("/decline");
      ask.until("Why not?");
      ask.type("neither will do");
      ask.until("neither will do");
      CHECK(ask.wait() == 1);
    }
    if (served) CHECK(daemon.stop().exit_code == 0);
  }
}

TEST_CASE("a question without a terminal is shown, ends with 3, and is answered over the daemon's socket") {
  Daemon daemon(kFlow);
  auto asked = daemon.run({"ask", "-c", daemon.config(), "20 EUR"});
  CHECK(asked.exit_code == 3);
  CHECK(asked.err.contains("a person must answer"));
  CHECK(asked.err.contains("Refund 20 EUR?"));
  const std::string listed = daemon.run({"runs", "list", "--json", "-c", daemon.config()}).out;
  const auto row = parse_json(listed.substr(0, listed.find('\n')));  // of the team's run or its question's
  REQUIRE(row);
  const std::string session = (*row)["session"];

  daemon.start();
  Client client(daemon);
  const std::string run = *client.waiting_in(session, 1).begin();
  client.send({{"type", "approve"}, {"id", "a0"}, {"call", "c_1"}, {"run", run}});
  const Json refused = client.until("error").back();
  CHECK(refused["code"] == "invalid");
  CHECK(refused["message"].get<std::string>().contains(R"("input": {"answer": "…"})"));
  client.send({{"type", "approve"}, {"call", "c_1"}, {"run", run}, {"input", {{"answer", "yes"}}}});
  const Json next = client.until("approval.required").back();
  CHECK(next["question"] == "How?");
  CHECK(next["input"]["options"] == Json{"cash", "card"});
  client.send({{"type", "approve"}, {"call", "c_1"}, {"input", {{"answer", "card"}}}});
  CHECK(client.until("answer").back()["text"] == "card");
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("check takes the example of a support desk, and says what is wrong with people's time") {
  Daemon daemon(kFlow);
  const std::string examples = std::string(TROUPE_SOURCE_DIR) + "/examples/";
  const auto good = daemon.run({"check", examples + "support-desk.yaml"});
  CHECK(good.exit_code == 0);
  CHECK_MESSAGE(good.err.empty(), good.err);

  daemon.rewrite(R"(
models: { local: { provider: builtin } }
agents: { clerk: { model: local, approvals: { on_timeout: stop } } }
teams: { pair: { pattern: parallel, members: [clerk], people: { timeout: 1h } } }
)");
  const auto bad = daemon.run({"check", daemon.config()});
  CHECK(bad.exit_code == 2);
  const std::string told = bad.out + bad.err;
  CHECK_MESSAGE(told.contains("there is no `timeout` that could be over"), told);
  CHECK_MESSAGE(told.contains("it belongs to `pattern: graph`"), told);

  std::string flow = kFlow;
  flow.replace(flow.find("tools: {"), 8, "tools: { ask_human: { type: calculator },");
  daemon.rewrite(flow);
  const auto other = daemon.run({"check", daemon.config()});
  CHECK(other.exit_code == 2);
  CHECK((other.out + other.err).contains("`tools.ask_human` is a calculator"));
}
