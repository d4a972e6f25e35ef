// The client against a real program: what comes of a server that works, misbehaves, dies and does not die.
#include "runtime/net/http_client.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"
#include "tests/tools/fake_context.h"
#include "tools/mcp/server.h"

#include <csignal>
#include <fstream>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools::mcp;

namespace {

/// A server that is a program, and what a test does with it.
struct Program {
  explicit Program(std::vector<std::string> manner = {}, ServerPatience patience = quick(),
                   ServerSettings settings = {}, Milliseconds settling = Milliseconds(fakes::kMaxTestWait)) {
    settings.name = "tester";
    if (settings.command.empty()) settings.command = TROUPE_MCP_SERVER;
    settings.args = std::move(manner);
    settings.args.push_back("diary=" + diary());
    server = std::make_unique<Server>(ServerServices{fake.loop, *http, "1", patience}, settings);
    server->start();
    fakes::run(fake.loop, server->settled(settling));
  }
  ~Program() { fakes::run(fake.loop, server->close()); }

  static ServerPatience quick() {
    return {
        .backoff_first = Milliseconds(20), .backoff_max = Milliseconds(100), .relist_floor = Milliseconds(0)};
  }
  std::string diary() const { return (folder.path() / "diary").string(); }
  /// The numbers of the processes that were started.
  std::vector<pid_t> starts() const {
    std::ifstream file(diary());
    std::vector<pid_t> all;
    for (pid_t one; file >> one;) all.push_back(one);
    return all;
  }
  static Request request(std::string tool, Json arguments = Json::object()) {
    return {.method = "tools/call",
            .params = {{"name", tool}, {"arguments", std::move(arguments)}},
            .name = tool};
  }
  Result<Json> call(std::string tool, Json arguments = Json::object(), Milliseconds idle = Milliseconds(0)) {
    return fakes::run(fake.loop,
                      server->request(request(std::move(tool), std::move(arguments)), idle, fake.context));
  }
  static std::string text(const Result<Json>& result) {
    return result ? result->at("content").at(0).at("text").get<std::string>()
                  : "error: " + result.error().message;
  }
  void until(std::function<bool()> condition) {
    fakes::run(fake.loop, [](Loop& loop, std::function<bool()> holds) -> Task<> {
      Stop never;
      while (!holds()) co_await loop.sleep_for(Milliseconds(5), never);
    }(fake.loop, std::move(condition)));
  }

  fakes::TempDir folder;
  fakes::FakeContext fake;
  std::unique_ptr<net::HttpClient> http = net::make_curl_client(fake.loop, {}, net::Guarding::open);
  std::unique_ptr<Server> server;
};

}  // namespace

TEST_CASE("stdio: a server is started, opened, asked for its tools and called") {
  Program program;

  CHECK(program.server->reachable());
  CHECK(program.server->state() == "connected (2025-11-25, tester 1.0)");
  REQUIRE(program.server->listing());
  CHECK(program.server->listing()->tools.size() == 9);
  CHECK(program.server->listing()->resources);
  CHECK(Program::text(program.call("echo", {{"text", "héllo\nworld"}})) == "héllo\nworld");
  CHECK(program.call("fail")->at("isError") == true);
  CHECK(
      Program::text(program.call("nothing")).contains("MCP server `tester`: MCP error -32602: Unknown tool"));
}

TEST_CASE("stdio: a modern server") {
  Program program({"modern"});
  CHECK(program.server->state().contains("2026-07-28"));
  CHECK(Program::text(program.call("echo", {{"text", "hello"}})) == "hello");
}

TEST_CASE("stdio: what a server prints beside its messages, and much on its standard error, does no harm") {
  Program program({"chatty", "flood"});
  CHECK(Program::text(program.call("echo", {{"text", "hello"}})) == "hello");
}

TEST_CASE(
    "stdio: a program gets PATH, HOME and what its entry names, and nothing of the daemon's environment") {
  ::setenv("TROUPE_TEST_SECRET", "s3cret", 1);
  fakes::TempDir home;
  Program program({}, Program::quick(),
                  {.env = {{"COLOUR", "green"}, {"HOME", "/nowhere"}}, .cwd = home.path()});
  const std::string environment = Program::text(program.call("environment"));
  CHECK(environment.contains("COLOUR=green\n"));
  CHECK(environment.contains("HOME=/nowhere\n"));
  CHECK(environment.contains("PATH="));
  CHECK(!environment.contains("s3cret"));
  CHECK(Program::text(program.call("folder")) == home.path());
  ::unsetenv("TROUPE_TEST_SECRET");
}

TEST_CASE("stdio: what is a secret of the settings is masked in whatever a server says") {
  Program program({}, Program::quick(),
                  {.env = {{"API_KEY", "s3cret"}, {"COLOUR", "green"}}, .hidden = {"s3cret"}});
  const std::string environment = Program::text(program.call("environment"));
  CHECK(environment.contains("API_KEY=***\n"));
  CHECK(environment.contains("COLOUR=green\n"));
  const auto read =
      fakes::run(program.fake.loop,
                 program.server->request({.method = "resources/read", .params = {{"uri", "test://s3cret"}}},
                                         Milliseconds(0), program.fake.context));
  REQUIRE(read);
  CHECK(!dump(*read).contains("s3cret"));
}

TEST_CASE("stdio: progress of a call becomes events") {
  Program program;
  CHECK(Program::text(program.call("count")) == "counted");
  REQUIRE(!program.fake.sink.events.empty());
  CHECK(program.fake.sink.events[0].type == "tool.progress");
  CHECK(program.fake.sink.events[0].fields["text"] == "1 of 3");
}

TEST_CASE("stdio: a server that dies under a call: the call says so, the next one has a fresh server") {
  Program program;

  const auto crashed = program.call("crash");

  REQUIRE(!crashed);
  CHECK(crashed.error().code == ErrorCode::network);
  CHECK(crashed.error().message.contains("was ended by SIGKILL: a last word"));
  CHECK(crashed.error().message.contains("Whether the call was carried out is not known"));
  CHECK(Program::text(program.call("echo", {{"text", "again"}})) == "again");
  CHECK(program.starts().size() == 2);
}

TEST_CASE("stdio: calls after a crash wait for a breath, however often the server has crashed before") {
  auto patience = Program::quick();
  patience.backoff_max = std::chrono::hours(1);
  Program program({}, patience);
  constexpr std::size_t kCrashes = 12;  // after which the pause would be longer than a call waits
  for (std::size_t i = 0; i < kCrashes; ++i) {
    const auto crashed = program.call("crash");
    REQUIRE(!crashed);
    CHECK(crashed.error().message.contains("was ended by SIGKILL"));
  }
  CHECK(program.starts().size() == kCrashes);
}

TEST_CASE("stdio: a call to a server that does not come at once waits for the attempt that succeeds") {
  auto patience = Program::quick();
  patience.backoff_max = std::chrono::hours(1);
  Program program({"starts=xxxxo"}, patience);
  CHECK(!program.server->reachable());
  CHECK(Program::text(program.call("echo", {{"text", "at last"}})) == "at last");
  CHECK(program.starts().size() == 5);
}

TEST_CASE("stdio: a server that says nothing does not hold up its end") {
  auto patience = Program::quick();
  patience.probe = patience.handshake = patience.listing = std::chrono::hours(1);
  SUBCASE("to the first question") {
    Program program({"mute"}, patience, {}, Milliseconds(20));
    CHECK(!program.server->reachable());
    SUBCASE("nor after it") {
      Program legacy({"mute"}, patience, {.protocol = "2025-11-25"}, Milliseconds(20));
      CHECK(!legacy.server->reachable());
    }
  }
  SUBCASE("when it is asked for its tools") {
    Program program({"no-list"}, patience, {}, Milliseconds(20));
    program.until([&] { return program.server->reachable(); });
    CHECK(!program.server->listing());
  }
}

TEST_CASE("stdio: a server that is killed from outside between calls comes back by itself") {
  Program program;
  ::kill(program.starts().at(0), SIGKILL);
  program.until([&] { return program.starts().size() == 2 && program.server->reachable(); });
  CHECK(Program::text(program.call("echo", {{"text", "again"}})) == "again");
}

TEST_CASE("stdio: a call without an answer ends at its time, and the server goes on") {
  Program program;
  const auto held = program.call("hold", Json::object(), Milliseconds(30));
  REQUIRE(!held);
  CHECK(held.error().code == ErrorCode::timeout);
  CHECK(held.error().message.contains("no answer and no progress for 0.03 s"));
  CHECK(Program::text(program.call("echo", {{"text", "on"}})) == "on");
  CHECK(program.starts().size() == 1);
}

TEST_CASE("stdio: a call is stopped by its context") {
  Program program;
  const auto alarm = program.fake.loop.at(program.fake.clock.now() + Milliseconds(20),
                                          [&] { program.fake.stop.request(StopReason::cancelled); });
  const auto held = program.call("hold");
  REQUIRE(!held);
  CHECK(held.error().code == ErrorCode::cancelled);
}

TEST_CASE("stdio: a list that changes is read again and told of") {
  Program program;
  int changes = 0;
  program.server->on_change([&] { ++changes; });
  CHECK(program.call("grow").has_value());
  program.until([&] { return changes == 1; });
  CHECK(program.server->listing()->tools.size() == 10);
}

TEST_CASE("stdio: servers that never come are not reachable, with the reason") {
  auto patience = Program::quick();
  patience.wait_for_server = Milliseconds(300);
  SUBCASE("no such program") {
    Program program({}, patience, {.command = "no-such-program-anywhere"});
    CHECK(program.server->state().contains("there is no program `no-such-program-anywhere`"));
    const auto called = program.call("echo");
    REQUIRE(!called);
    CHECK(called.error().code == ErrorCode::unavailable);
    CHECK(called.error().message.contains("Try again later, or go on without it"));
    CHECK(!program.server->listing());
  }
  SUBCASE("a program with its arguments in the wrong place") {
    Program program({}, patience, {.command = "python3 server.py"});
    CHECK(program.server->state().contains("its arguments belong into `args`"));
  }
  SUBCASE("no such folder") {
    Program program({}, patience, {.cwd = "/nowhere/at/all"});
    CHECK(program.server->state().contains("/nowhere/at/all, is no folder"));
  }
  SUBCASE("one that ends at once, and is tried again") {
    Program program({"dies"}, patience, {.env = {{"LICENCE", "l1cence-key"}}});
    CHECK(program.server->state().contains("exited with code 3: cannot find my licence"));
    CHECK(!program.server->state().contains("l1cence-key"));
    CHECK(program.server->state().contains("***"));
    program.until([&] { return program.starts().size() >= 3; });
  }
  SUBCASE("one that never answers") {
    patience.probe = patience.handshake = Milliseconds(50);
    Program program({"mute"}, patience);
    CHECK(program.server->state().contains("did not answer in time"));
  }
}

TEST_CASE("stdio: a line without end ends the server that writes it") {
  auto patience = Program::quick();
  patience.wait_for_server = Milliseconds(100);
  Program program({"long-line"}, patience);
  program.until([&] { return program.server->state().contains("a line of more than"); });
}

TEST_CASE("stdio: a program that ignores the end of its input and SIGTERM is killed") {
  pid_t pid = 0;
  {
    Program program({"stubborn"});
    pid = program.starts().at(0);
    CHECK(::kill(pid, 0) == 0);
  }
  CHECK(::kill(pid, 0) == -1);
}
