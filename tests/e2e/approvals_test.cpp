#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/terminal.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::frame_of;
using fakes::journaled;
using fakes::Terminal;

namespace {

constexpr const char* kClerk = R"(
models: { local: { provider: builtin } }
tools: { calculator: { type: calculator } }
agents: { clerk: { model: local, tools: [calculator], approve: [calculator] } }
)";
constexpr const char* kQuestion = "What is 17.5% of 2480?";

struct Client {
  SystemClock clock;
  Loop loop{clock};
  ChatClient chat{loop};

  explicit Client(const Daemon& daemon) { fakes::run(loop, chat.connect(daemon.url())); }
  Json open(std::string fields = "") { return fakes::run(loop, chat.open(std::move(fields))); }
  void send(std::string frame) { fakes::run(loop, chat.send(std::move(frame))); }
  std::vector<Json> until(std::string type) { return fakes::run(loop, chat.until(std::move(type))); }
};

std::string in_session(const std::string& session) {
  return R"(,"session":")" + session + "\"";
}

std::string ask_for(const std::string& text) {
  return R"({"type":"message","id":"m1","text":")" + text + "\"}";
}

}  // namespace

TEST_CASE("a call waits for a person through kill -9, and a client that comes later decides") {
  Daemon daemon(kClerk);
  daemon.start();
  std::string session;
  std::string run;
  {
    Client client(daemon);
    session = client.open()["session"];
    client.send(ask_for(kQuestion));
    const Json required = client.until("approval.required").back();
    CHECK(required["tool"] == "calculator");
    CHECK(required["seq"].is_number());
    run = required["run"];
  }
  daemon.kill();
  daemon.start();

  Client later(daemon);
  Json opened = later.open(in_session(session));
  // Before the run is taken up again nothing waits yet; then whoever is there is told.
  const Json waiting =
      find(opened, "waiting") ? opened["waiting"][0] : later.until("approval.required").back();
  CHECK(waiting["run"] == run);
  CHECK(waiting["tool"] == "calculator");
  Client reader(daemon);  // sees it by its seq
  reader.open(in_session(session) + R"(,"after":0)");
  CHECK(reader.until("approval.required").back()["call"] == "c_1");

  later.send(R"({"type":"approve","id":"a0","call":"c_1","input":{"expr":"1"}})");
  CHECK(later.until("error").back()["code"] == "invalid");
  later.send(R"({"type":"approve","id":"a1","call":"c_1"})");
  later.until("ack");
  const auto frames = reader.until("run.finished");
  reader.send(R"({"type":"deny","id":"d1","call":"c_1"})");
  CHECK(reader.until("error").back()["code"] == "already_decided");

  CHECK(journaled(frames) ==
        std::vector<std::string>{"approval.given", "observation", "answer", "usage", "run.finished"});
  CHECK(frame_of(frames, "observation")["output"] == "434");
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("a waiting run can be cancelled, and denied with a reason that the agent reads") {
  Daemon daemon(kClerk);
  daemon.start();
  Client client(daemon);
  client.open();
  client.send(ask_for(kQuestion));
  const std::string run = client.until("approval.required").back()["run"];
  client.send(R"({"type":"cancel","run":")" + run + "\"}");
  CHECK(client.until("run.finished").back()["status"] == "cancelled");

  client.send(R"({"type":"message","id":"m2","text":"What is 2 + 3?"})");
  client.until("approval.required");
  client.send(R"({"type":"deny","call":"c_1","reason":"not now"})");
  const auto frames = client.until("run.finished");
  CHECK(frame_of(frames, "approval.denied")["reason"] == "not now");
  CHECK(frame_of(frames, "observation")["error"].get<std::string>().contains("not now"));
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("ask without a terminal ends with 3, and the run waits for the next who has one") {
  Daemon daemon(kClerk);
  auto asked = daemon.run({"ask", "-c", daemon.config(), kQuestion});
  CHECK(asked.exit_code == 3);
  CHECK(asked.err.contains("calculator"));
  CHECK(asked.out.empty());
  auto listed = daemon.run({"runs", "list", "--json", "-c", daemon.config()});
  auto row = parse_json(listed.out);
  REQUIRE(row);
  CHECK((*row)["status"] == "waiting");
  CHECK(
      daemon.run({"runs", "show", "-c", daemon.config(), (*row)["run"]}).out.contains("a person must allow"));

  Terminal chat({program(), "chat", "-c", daemon.config(), "--session", (*row)["session"]});
  chat.until("Allow it?");
  chat.type("y");
  chat.until("434");
  chat.type("/quit");
  CHECK(chat.wait() == 0);
}

TEST_CASE("chat without a terminal ends with 3, too") {
  Daemon daemon(kClerk);
  CHECK(daemon.run({"chat", "-c", daemon.config()}, std::string(kQuestion) + "\n").exit_code == 3);
}

TEST_CASE("ask shows tool and input on the terminal, and takes yes, no and another input") {
  for (bool served : {false, true}) {
    Daemon daemon(kClerk);
    if (served) daemon.start();
    {
      Terminal ask({program(), "ask", "-c", daemon.config(), kQuestion});
      ask.until("calculator wants to be called");
      ask.until("2480");
      ask.until("Allow it?");
      ask.type("perhaps");
      ask.until("Allow it?");
      ask.type("y");
      ask.until("434");
      CHECK(ask.wait() == 0);
    }
    {
      Terminal ask({program(), "ask", "-c", daemon.config(), kQuestion});
      ask.until("Allow it?");
      ask.type("e");
      ask.until("Input instead");
      ask.type("{not json");
      ask.until("not a JSON object");
      ask.until("Allow it?");
      ask.type("e");
      ask.until("Input instead");
      ask.type(R"({"expr": "1"})");
      ask.until("the call goes on waiting");
      ask.until("Allow it?");
      ask.type("e");
      ask.until("Input instead");
      ask.type(R"({"expression": "100 + 1"})");
      ask.until("101");
      CHECK(ask.wait() == 0);
    }
    {
      Terminal ask({program(), "ask", "--trace", "-c", daemon.config(), "What is 6 * 7?"});
      ask.until("Allow it?");
      ask.type("n");
      ask.until("Why not?");
      ask.type("too dear");
      ask.until("too dear");
      CHECK(ask.wait() == 0);
    }
    if (served) CHECK(daemon.stop().exit_code == 0);
  }
}

TEST_CASE("what somebody else decides is not asked any more") {
  Daemon daemon(kClerk);
  daemon.start();
  Terminal ask({program(), "ask", "-c", daemon.config(), kQuestion});
  ask.until("Allow it?");
  auto row = parse_json(daemon.run({"runs", "list", "--json", "-c", daemon.config()}).out);
  REQUIRE(row);
  Client other(daemon);
  other.send(R"({"type":"approve","id":"a","call":"c_1","run":)" + dump((*row)["run"]) + "}");
  other.until("ack");
  ask.until("it was decided");
  ask.until("434");
  CHECK(ask.wait() == 0);
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("runs show --prompt prints each request, while a run waits, after it, and after a restart") {
  Daemon daemon(kClerk);
  daemon.start();
  Client client(daemon);
  const std::string session = client.open()["session"];
  client.send(ask_for(kQuestion));
  const std::string run = client.until("approval.required").back()["run"];
  const std::vector<std::string> show = {"runs", "show", "--prompt", "-c", daemon.config(), run};
  auto waiting = daemon.run(show);
  CHECK(waiting.exit_code == 0);
  CHECK(waiting.out.contains("=== step 1: 2 messages"));
  CHECK(waiting.out.contains(kQuestion));
  CHECK_FALSE(waiting.out.contains("=== step 2"));
  client.send(R"({"type":"approve","call":"c_1"})");
  client.until("run.finished");

  auto finished = daemon.run(show);
  CHECK(finished.out.contains("=== step 2: 4 messages"));
  CHECK(finished.out.contains("434"));
  CHECK(daemon.stop().exit_code == 0);
  CHECK(daemon.run(show).out == finished.out);
  auto json = daemon.run({"runs", "show", "--prompt", "--json", "-c", daemon.config(), run});
  auto first = parse_json(json.out.substr(0, json.out.find('\n')));
  REQUIRE(first);
  CHECK((*first)["messages"][1]["content"] == kQuestion);
  CHECK(daemon.run({"runs", "show", "-c", daemon.config(), run}).out.contains("1 asked a person"));
}
