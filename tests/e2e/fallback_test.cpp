#include "tests/e2e/daemon.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"

#include <algorithm>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::frame_of;
using fakes::PeerReply;
using fakes::run;

namespace {

const std::string kReply = R"({"thought":"six times seven","final_answer":"It is 42."})";

PeerReply stream() {
  const Json chunk = {{"model", "small-2"}, {"choices", {{{"index", 0}, {"delta", {{"content", kReply}}}}}}};
  const Json usage = {{"model", "small-2"},
                      {"choices", Json::array()},
                      {"usage", {{"prompt_tokens", 1000}, {"completion_tokens", 100}}}};
  return PeerReply::sse({dump(chunk), dump(usage), "[DONE]"});
}

}  // namespace

TEST_CASE("a provider that answers 500 for ever is replaced by the next, and clients see who and why") {
  fakes::HttpPeer broken([](const fakes::PeerRequest&) {
    return PeerReply::json(R"({"error":{"message":"the server had an error"}})", 500);
  });
  fakes::HttpPeer good([](const fakes::PeerRequest&) { return stream(); });
  Daemon daemon(fmt::format(R"(
models:
  main: {{ provider: openai, model: large, base_url: "{}", retries: 1, price: {{ input: 1, output: 1 }}, fallback: [spare] }}
  spare: {{ provider: openai, model: small, base_url: "{}", price: {{ input: 10, output: 100 }} }}
agents: {{ a: {{ model: main, limits: {{ cost: 1 }} }} }}
)",
                            broken.url("/v1"), good.url("/v1")));
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  run(loop, client.open());

  auto frames = run(loop, client.ask("m1", "What is 6*7?"));

  CHECK(fakes::journaled(frames) == std::vector<std::string>{"run.started", "warning", "warning", "thought",
                                                             "answer", "usage", "run.finished"});
  std::vector<Json> warnings;
  std::ranges::copy_if(frames, std::back_inserter(warnings),
                       [](const Json& frame) { return frame["type"] == "warning"; });
  CHECK(warnings[0]["code"] == "model_retry");
  CHECK(warnings[1]["code"] == "fallback");
  const std::string text = warnings[1]["text"];
  CHECK(text.starts_with("model main (large at http://127.0.0.1:"));
  CHECK(text.contains("HTTP 500: the server had an error (after 2 attempts)"));
  CHECK(text.ends_with("; model `spare` is asked in its place"));
  CHECK(frame_of(frames, "answer")["text"] == "It is 42.");
  CHECK(frame_of(frames, "usage")["model"] == "small-2");
  CHECK(frame_of(frames, "usage")["cost"].get<double>() == doctest::Approx(0.02));
  CHECK(frames.back()["status"] == "done");
  CHECK(frames.back()["cost"].get<double>() == doctest::Approx(0.02));
  CHECK(broken.counts().requests == 2);
  CHECK(good.counts().requests == 1);
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("a reload forgets no pause that a provider asked for") {
  fakes::HttpPeer peer([](const fakes::PeerRequest&) {
    return PeerReply::json(R"({"error":{"message":"slow down"}})", 429).header("Retry-After", "3600");
  });
  const std::string models =
      fmt::format("models: {{ m: {{ provider: openai, model: m, base_url: \"{}\" }} }}\n", peer.url("/v1"));
  Daemon daemon(models + "agents: { a: { model: m } }\n");
  daemon.start();
  SystemClock clock;
  Loop loop(clock);
  ChatClient client(loop);
  run(loop, client.connect(daemon.url()));
  run(loop, client.open());
  CHECK(run(loop, client.ask("m1", "q")).back()["reason"] == "model_error");

  daemon.rewrite(models + "agents: { a: { model: m }, b: { model: m } }\ndefault: a\n");
  daemon.process().signal(SIGHUP);
  ChatClient other(loop);
  run(loop, other.connect(daemon.url()));
  bool reloaded = false;
  for (int i = 0; i < 10'000 && !reloaded; ++i) {
    try {
      run(loop, other.open(R"(,"target":"b")"));
      reloaded = true;
    } catch (const std::exception&) {  // there is no `b` yet
    }
  }
  REQUIRE(reloaded);
  CHECK(run(loop, other.ask("m2", "q")).back()["reason"] == "model_error");
  CHECK(peer.counts().requests == 1);
  CHECK(daemon.stop().exit_code == 0);
}
