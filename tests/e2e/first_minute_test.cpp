#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::frame_of;
using fakes::journaled;
using fakes::run;

std::string troupe::e2e::program() {
  return TROUPE_PROGRAM;
}

namespace {

constexpr const char* kHello = R"(
models: { local: { provider: builtin } }
tools: { calculator: { type: calculator } }
agents: { hello: { model: local, tools: [calculator] } }
)";

fakes::Outcome ask_here(Daemon& daemon, std::vector<std::string> options, const std::string& input = "") {
  std::vector<std::string> arguments = {"ask", "-c", daemon.config()};
  arguments.insert(arguments.end(), options.begin(), options.end());
  return daemon.run(arguments, input);
}

}  // namespace

TEST_CASE("ask answers arithmetic without a daemon, and --trace shows the calculator call") {
  Daemon daemon(kHello);

  auto outcome = ask_here(daemon, {"--trace", "What is (17.5% of 2480) + 12^3?"});

  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.contains("2162"));
  CHECK(outcome.err.contains("action: calculator"));
  CHECK(outcome.err.contains("observation: 2162"));
}

TEST_CASE("ask says plainly when a question needs a language model") {
  Daemon daemon(kHello);

  auto outcome = ask_here(daemon, {"Write a poem about autumn"});

  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.contains("language model"));
  CHECK(outcome.out.contains("models"));
}

TEST_CASE("ask reads the question from standard input, and --json prints the events one a line") {
  Daemon daemon(kHello);

  auto outcome = ask_here(daemon, {"--json", "-"}, "What is 2 + 3?\n");

  CHECK(outcome.exit_code == 0);
  std::vector<std::string> types;
  std::size_t at = 0;
  for (std::size_t end; (end = outcome.out.find('\n', at)) != std::string::npos; at = end + 1) {
    auto event = parse_json(outcome.out.substr(at, end - at));
    REQUIRE(event);
    if (find(*event, "seq")) types.push_back(string_or(*event, "type"));
  }
  CHECK(types.front() == "run.started");
  CHECK(types.back() == "run.finished");
}

TEST_CASE("wrong usage and wrong configuration end with 2") {
  Daemon daemon(kHello);
  CHECK(ask_here(daemon, {"--target", "helo", "hi"}).exit_code == 2);
  CHECK(ask_here(daemon, {"--target", "helo", "hi"}).err.contains("did you mean `hello`"));
  CHECK(ask_here(daemon, {}).exit_code == 2);
  CHECK(ask_here(daemon, {""}).exit_code == 2);
  CHECK(daemon.run({"ask", "-c", "/nonexistent.yaml", "hi"}).exit_code == 2);
  CHECK(daemon.run({"frobnicate"}).exit_code == 2);
  CHECK(daemon.run({"--help"}).exit_code == 0);
}

TEST_CASE("a whole turn over WebSocket reads as the protocol says") {
  Daemon daemon(kHello);
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  run(loop, client.open(R"(,"target":"hello")"));

  auto frames = run(loop, client.ask("m1", "What is 17.5% of 2480, plus 12^3?"));

  CHECK(string_or(frames[0], "type") == "ack");
  CHECK(journaled(frames) == std::vector<std::string>{"run.started", "thought", "action", "observation",
                                                      "answer", "usage", "run.finished"});
  CHECK(frame_of(frames, "observation")["output"] == "2162");
  CHECK(frame_of(frames, "answer")["text"].get<std::string>().contains("2162"));
  for (std::size_t i = 1; i < frames.size(); ++i)
    if (auto* text = find(frames[i], "text"))
      CHECK_FALSE(text->get<std::string>().contains("\"final_answer\""));
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("where a daemon holds the store, ask asks it; a second daemon is refused with 4") {
  Daemon daemon(kHello);
  daemon.start();

  auto asked = ask_here(daemon, {"What is 6 * 7?"});
  auto second = daemon.run({"serve", "-c", daemon.config()});

  CHECK(asked.exit_code == 0);
  CHECK(asked.out.contains("42"));
  CHECK(second.exit_code == 4);
  CHECK(second.err.contains(std::to_string(daemon.process().pid())));
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("two clients of one conversation see the same seq") {
  Daemon daemon(kHello);
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  ChatClient one(loop);
  ChatClient two(loop);
  run(loop, one.connect(daemon.url()));
  run(loop, two.connect(daemon.url()));
  const Json opened = run(loop, one.open());
  const std::string session = opened["session"];
  CHECK(run(loop, two.open(R"(,"session":")" + session + "\""))["session"] == session);

  run(loop, one.ask("m1", "What is 1 + 1?"));
  run(loop, two.until("run.finished"));

  CHECK(one.texts() == two.texts());
  CHECK(one.seqs() == two.seqs());
  CHECK(one.seqs().front() == 1);
}

TEST_CASE("after kill -9 a client resumes with `after`, without a gap or a double") {
  Daemon daemon(kHello);
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  std::string session;
  std::int64_t last = 0;
  {
    ChatClient client(loop);
    run(loop, client.connect(daemon.url()));
    session = string_or(run(loop, client.open()), "session");
    auto frames = run(loop, client.ask("m1", "What is 1 + 1?"));
    last = frames[4].contains("seq") ? frames[4]["seq"].get<std::int64_t>() : 3;
  }
  daemon.kill();
  daemon.start();

  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  const Json opened =
      run(loop, client.open(R"(,"session":")" + session + R"(","after":)" + std::to_string(last)));
  run(loop, client.until("run.finished"));
  run(loop, client.ask("m2", "What is 2 + 2?"));

  std::int64_t expected = last;
  for (std::int64_t seq : client.seqs()) CHECK(seq == ++expected);
  CHECK(opened["resumed"] == true);
}

TEST_CASE("a run that kill -9 met goes on under the configuration it began with, secrets and all") {
  fakes::HttpPeer model([](const fakes::PeerRequest&) { return fakes::PeerReply::silence(); });
  auto yaml = [&](const std::string& agent, const std::string& url) {
    return fmt::format(
        "models: {{ main: {{ provider: openai, model: m, base_url: \"{}/v1\", api_key: \"${{TEST_KEY}}\" }} "
        "}}\n"
        "agents: {{ {}: {{ model: main }} }}\n",
        url, agent);
  };
  Daemon daemon(yaml("writer", model.url("")));
  daemon.start({"TEST_KEY=of-the-first-start"});
  SystemClock clock;
  Loop loop(clock);
  std::string session;
  {
    ChatClient client(loop);
    run(loop, client.connect(daemon.url()));
    session = run(loop, client.open())["session"];
    run(loop, client.send(R"({"type":"message","id":"m1","text":"Write a poem."})"));
    run(loop, client.until("run.started"));
    REQUIRE(model.wait_for_requests(1));
  }
  daemon.kill();

  // Nothing of it is in today's file any more: another agent, and a server that nobody answers for.
  daemon.rewrite(yaml("editor", "http://127.0.0.1:9"));
  model.answer([](const fakes::PeerRequest&) {
    return fakes::PeerReply::json(
        R"({"choices":[{"message":{"role":"assistant","content":"{\"final_answer\":\"Roses.\"}"},"finish_reason":"stop"}],)"
        R"("usage":{"prompt_tokens":1,"completion_tokens":1}})");
  });
  daemon.start({"TEST_KEY=of-the-second-start"});
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  run(loop, client.open(R"(,"after":0,"session":")" + session + '"'));
  auto frames = run(loop, client.until("run.finished"));
  CHECK(frame_of(frames, "answer")["text"] == "Roses.");
  CHECK(model.requests().back().header("authorization") == "Bearer of-the-second-start");
}

TEST_CASE("runs list, show, export and watch read what the daemon wrote, while it runs and after") {
  Daemon daemon(kHello);
  daemon.start();
  auto asked = ask_here(daemon, {"--json", "What is 6 * 7?"});
  std::string run = string_or(*parse_json(asked.out.substr(0, asked.out.find('\n'))), "run");

  for (bool stopped : {false, true}) {
    if (stopped) CHECK(daemon.stop().exit_code == 0);
    auto listed = daemon.run({"runs", "list", "-c", daemon.config()});
    CHECK(listed.exit_code == 0);
    CHECK(listed.out.contains(run));
    auto shown = daemon.run({"runs", "show", "-c", daemon.config(), run});
    CHECK(shown.out.contains("calculator"));
    CHECK(shown.out.contains("42"));
    auto exported = daemon.run({"runs", "export", "-c", daemon.config(), run});
    CHECK(exported.out.contains("\"run.finished\""));
    auto watched = daemon.run({"runs", "watch", "-c", daemon.config(), run});
    CHECK(watched.exit_code == 0);
    CHECK(watched.out.contains("42"));
    CHECK(daemon.run({"runs", "show", "-c", daemon.config(), "r_none"}).exit_code == 1);
  }
}

TEST_CASE("tools can be listed, shown and called by hand") {
  Daemon daemon(kHello);
  CHECK(daemon.run({"tools", "list", "-c", daemon.config()}).out.contains("calculator"));
  CHECK(daemon.run({"tools", "show", "-c", daemon.config(), "calculator"}).out.contains("\"expression\""));
  CHECK(daemon.run({"tools", "call", "-c", daemon.config(), "calculator", R"({"expression":"2^200"})"}).out ==
        "1606938044258990275541962092341162602522202993782792835301376\n");
  CHECK(daemon.run({"tools", "call", "-c", daemon.config(), "calculator", R"({"expr":"2"})"}).exit_code == 2);
  CHECK(daemon.run({"tools", "call", "-c", daemon.config(), "calculatr", "{}"})
            .err.contains("did you mean `calculator`"));
}

TEST_CASE("SIGHUP takes a new configuration, and keeps the old one when the new one is wrong") {
  Daemon daemon(kHello);
  daemon.start();
  auto append = [&](const std::string& yaml) { std::ofstream(daemon.config(), std::ios::app) << yaml; };
  SystemClock clock;
  Loop loop(clock);
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));

  append("default: nobody\n");
  daemon.process().signal(SIGHUP);
  run(loop, client.open(R"(,"target":"hello")"));
  CHECK(journaled(run(loop, client.ask("m1", "What is 1 + 1?"))).back() == "run.finished");
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("chat holds a conversation over pipes") {
  Daemon daemon(kHello);
  auto outcome =
      daemon.run({"chat", "-c", daemon.config()}, "What is 2 + 2?\n/history\nWhat is 3 * 3?\n/quit\n");
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.contains("4"));
  CHECK(outcome.out.contains("9"));
  CHECK(outcome.err.contains("What is 2 + 2?"));
}

TEST_CASE("a reader of the output that has seen enough ends the command quietly") {
  const auto piped = fakes::run_program(
      {"/bin/bash", "-c", program() + " schema | head -c 10; S=${PIPESTATUS[0]}; echo; echo $S"});
  CHECK(piped.exit_code == 0);
  CHECK(piped.out.ends_with("141\n"));
  CHECK(piped.err.empty());
}
