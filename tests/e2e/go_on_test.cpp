#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"

#include <atomic>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::PeerReply;
using fakes::PeerRequest;
using fakes::run;

namespace {

PeerReply replies_with(const Json& step) {
  const Json chunk = {{"choices", {{{"index", 0}, {"delta", {{"content", dump(step)}}}}}}};
  return PeerReply::sse({dump(chunk), "[DONE]"});
}

/// Calls the calculator, then answers with what it reads, and says who it is.
class Model {
 public:
  explicit Model(std::string name)
      : peer_([this, name](const PeerRequest& request) {
          ++asked;
          if (fail) return PeerReply::json(R"({"error":{"message":"no"}})", 400);
          if (hang) return PeerReply::silence();
          const std::string& body = request.body;
          if ((*parse_json(body))["messages"].size() < 3)  // nothing was called yet
            return replies_with({{"thought", "I compute"},
                                 {"action", "calculator"},
                                 {"action_input", {{"expression", "6*7"}}}});
          return replies_with(
              {{"thought", "I read"},
               {"final_answer", name + (body.contains("seven") ? " says seven" : " says 42")}});
        }) {}
  std::string url() { return peer_.url("/v1"); }

  std::atomic<int> asked = 0;
  std::atomic<bool> fail = false;
  std::atomic<bool> hang = false;

 private:
  fakes::HttpPeer peer_;
};

std::string configuration(Model& small, Model& large) {
  return fmt::format(R"(
models:
  small: {{ provider: openai, model: small, base_url: "{}", retries: 0 }}
  large: {{ provider: openai, model: large, base_url: "{}", retries: 0 }}
tools: {{ calculator: {{ type: calculator }} }}
agents: {{ a: {{ model: small, tools: [calculator] }} }}
)",
                     small.url(), large.url());
}

std::string first_run(Daemon& daemon) {
  const auto listed = daemon.run({"runs", "list", "-c", daemon.config(), "--json", "-n", "1"});
  return (*parse_json(listed.out))["run"];
}

}  // namespace

TEST_CASE("a run is forked from the command line: another output, another model, with and without a daemon") {
  Model small("small");
  Model large("large");
  Daemon daemon(configuration(small, large));
  SUBCASE("by a daemon that has the store") {
    daemon.start();
  }
  SUBCASE("in a process of its own") {}
  REQUIRE(daemon.run({"ask", "-c", daemon.config(), "what is it?"}).out == "small says 42\n");
  const std::string run = first_run(daemon);

  auto forked = daemon.run({"runs", "fork", "-c", daemon.config(), run.substr(0, 14), "--from", "2",
                            "--output", "c_1=seven", "--model", "large", "--trace"});
  CHECK_MESSAGE(forked.exit_code == 0, forked.err);
  CHECK(forked.out == "large says seven\n");
  CHECK(forked.err.contains("goes on from run " + run + ", with 1 step of it"));
  CHECK(forked.err.contains("observation: seven"));
  CHECK(large.asked == 1);
  CHECK(small.asked == 2);
  const auto shown = daemon.run({"runs", "show", "-c", daemon.config(), "--json", first_run(daemon)});
  CHECK((*parse_json(shown.out))["forked_from"]["run"] == run);

  const auto wrong = [&](std::vector<std::string> options, std::string_view told) {
    options.insert(options.begin(), {"runs", "fork", "-c", daemon.config(), run});
    const auto outcome = daemon.run(options);
    CHECK(outcome.exit_code == 2);
    CHECK_MESSAGE(outcome.err.contains(told), outcome.err);
  };
  wrong({"--from", "9"}, "from step 1 to 3");
  wrong({"--from", "0"}, "--from");
  wrong({"--output", "seven"}, "expected CALL=TEXT");
  wrong({"--model", "huge"}, "huge");
  wrong({"--model", "b=large"}, "there is no agent `b`");
}

TEST_CASE("a run that failed is resumed from the command line once what was wrong is mended") {
  Model small("small");
  Model large("large");
  Daemon daemon(configuration(small, large));
  small.fail = true;
  REQUIRE(daemon.run({"ask", "-c", daemon.config(), "what is it?"}).exit_code == 1);
  small.fail = false;
  const std::string run = first_run(daemon);
  const auto resumed = daemon.run({"runs", "resume", "-c", daemon.config(), run});
  CHECK_MESSAGE(resumed.exit_code == 0, resumed.err);
  CHECK(resumed.out == "small says 42\n");
  const auto again = daemon.run({"runs", "resume", "-c", daemon.config(), first_run(daemon)});
  CHECK(again.exit_code == 2);
  CHECK(again.err.contains("nothing to resume"));
}

TEST_CASE("a fork with another model goes on with that one after kill -9") {
  Model small("small");
  Model large("large");
  Daemon daemon(configuration(small, large));
  daemon.start();
  REQUIRE(daemon.run({"ask", "-c", daemon.config(), "what is it?"}).exit_code == 0);
  large.hang = true;
  const auto forked = daemon.run({"runs", "fork", "-c", daemon.config(), first_run(daemon), "--from", "2",
                                  "--model", "large", "--detach"});
  REQUIRE_MESSAGE(forked.exit_code == 0, forked.err);
  const std::string run = forked.out.substr(0, forked.out.find('\n'));
  while (large.asked == 0) std::this_thread::yield();
  daemon.kill();
  large.hang = false;
  daemon.start();
  const auto watched = daemon.run({"runs", "watch", "-c", daemon.config(), run});
  CHECK(watched.exit_code == 0);
  CHECK_MESSAGE(watched.out.contains("large says 42"), watched.out);
  CHECK(small.asked == 2);
}

TEST_CASE("a run is stopped from the command line, which returns once nothing of it is at work") {
  Model small("small");
  Model large("large");
  Daemon daemon(configuration(small, large));
  daemon.start();
  small.hang = true;
  SystemClock clock;
  Loop loop(clock);
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  run(loop, client.open());
  run(loop, client.send(R"({"type":"message","id":"m1","text":"what is it?"})"));
  while (small.asked == 0) std::this_thread::yield();
  const std::string id = first_run(daemon);
  const auto stopped = daemon.run({"runs", "cancel", "-c", daemon.config(), id});
  CHECK_MESSAGE(stopped.exit_code == 0, stopped.err);
  CHECK(stopped.out == "run " + id + ": cancelled\n");
  const auto again = daemon.run({"runs", "cancel", "-c", daemon.config(), id});
  CHECK(again.exit_code == 0);
  CHECK(again.err.contains("has ended already: cancelled"));
}
