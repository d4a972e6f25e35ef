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
using fakes::HttpPeer;
using fakes::journaled;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

const std::string kRude = R"({"thought":"let me think","final_answer":"Take two pills, you fool."})";
const std::string kKind = R"({"thought":"better","final_answer":"Please ask a doctor."})";
const std::string kPass = R"({"pass": true, "reason": "no advice in it"})";
const std::string kFail = R"({"pass": false, "reason": "it tells what to take"})";

std::string chunk(const std::string& text) {
  const Json delta = {{"content", text}};
  return dump({{"model", "m"}, {"choices", {{{"index", 0}, {"delta", delta}}}}});
}

PeerReply said(const std::string& text) {
  std::vector<std::string> data;
  for (std::size_t at = 0; at < text.size(); at += 9) data.push_back(chunk(text.substr(at, 9)));
  data.push_back(
      R"({"model":"m","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110}})");
  data.push_back("[DONE]");
  return PeerReply::sse(data);
}

std::string configuration(const HttpPeer& model, const HttpPeer& judge, const std::string& rules) {
  return fmt::format(R"(
models:
  m: {{ provider: openai, model: m, base_url: "{}", retries: 0 }}
  j: {{ provider: openai, model: j, base_url: "{}", retries: 0 }}
agents:
  a:
    model: m
    guardrails: {}
)",
                     model.url("/v1"), judge.url("/v1"), rules);
}

struct Client {
  SystemClock clock;
  Loop loop{clock};
  ChatClient chat{loop};

  explicit Client(const Daemon& daemon) { fakes::run(loop, chat.connect(daemon.url())); }
  Json open(std::string fields = "") { return fakes::run(loop, chat.open(std::move(fields))); }
  void send(std::string frame) { fakes::run(loop, chat.send(std::move(frame))); }
  std::vector<Json> until(std::string type) { return fakes::run(loop, chat.until(std::move(type))); }
  std::vector<Json> ask(std::string id, std::string text) {
    return fakes::run(loop, chat.ask(std::move(id), std::move(text)));
  }
};

std::size_t count(const std::vector<Json>& frames, std::string_view type) {
  return static_cast<std::size_t>(
      std::ranges::count_if(frames, [&](const Json& frame) { return string_or(frame, "type") == type; }));
}

}  // namespace

TEST_CASE("a judged answer on the wire: thoughts stream, the refused answer never shows, the next one does") {
  HttpPeer model(fakes::in_order({said(kRude), said(kKind)}));
  HttpPeer judge(fakes::in_order({said(kFail), said(kPass)}));
  Daemon daemon(configuration(model, judge,
                              R"({ output: [ { name: doctor, model: j, prompt: "No medical advice." } ] })"));
  daemon.start();
  Client client(daemon);
  client.open();
  const auto frames = client.ask("m1", "What shall I take?");

  for (const Json& frame : frames) CHECK_FALSE(dump(frame).contains("pills"));
  CHECK(count(frames, "thought.delta") > 0);
  CHECK(count(frames, "answer.delta") == 0);
  CHECK(frame_of(frames, "warning")["code"] == "guardrail");
  CHECK(frame_of(frames, "warning")["text"] == "rule `doctor` refused the answer: it tells what to take");
  CHECK(frame_of(frames, "answer")["text"] == "Please ask a doctor.");
  CHECK(frames.back()["status"] == "done");
  CHECK(frames.back()["input_tokens"] == 400);
  CHECK(count(frames, "usage") == 4);
  const Json asked = *parse_json(judge.requests()[0].body);
  CHECK(asked["messages"][0]["content"].get<std::string>().contains("No medical advice."));
  CHECK(asked["messages"][1]["content"].get<std::string>().contains("you fool."));
  const auto shown = daemon.run({"runs", "show", "--prompt", "-c", daemon.config(), frames.back()["run"]});
  CHECK(shown.out.contains("rule `doctor`"));
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("kill -9 while an answer is being judged: it is not shown, not asked for again, and judged after") {
  HttpPeer model(fakes::in_order({said(kKind)}));
  HttpPeer judge(fakes::in_order({PeerReply::silence(), said(kPass)}));
  Daemon daemon(
      configuration(model, judge, R"({ output: [ { model: j, prompt: "No advice.", mode: parallel } ] })"));
  daemon.start();
  std::string session;
  {
    Client client(daemon);
    session = client.open()["session"];
    client.send(R"({"type":"message","id":"m1","text":"q"})");
    REQUIRE(judge.wait_for_requests(1));
  }
  daemon.kill();
  daemon.start();
  Client client(daemon);
  client.open(fmt::format(R"(,"session":"{}","after":0)", session));
  const auto frames = client.until("run.finished");
  CHECK(count(frames, "answer") == 1);
  CHECK(frames.back()["status"] == "done");
  CHECK(model.requests().size() == 1);
  CHECK(judge.requests().size() == 2);
  CHECK(judge.requests()[0].body == judge.requests()[1].body);
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("a parallel rule that refuses after the answer has streamed takes it back") {
  HttpPeer model(fakes::in_order({said(kRude)}));
  HttpPeer judge([](const PeerRequest&) { return said(kFail).held(); });
  Daemon daemon(configuration(
      model, judge,
      R"({ input: [ { model: j, prompt: "No questions about health.", mode: parallel, message: "Ask a doctor." } ] })"));
  daemon.start();
  Client client(daemon);
  client.open();
  client.send(R"({"type":"message","id":"m1","text":"q"})");
  client.until("usage");  // of the model: its answer is whole, and streamed
  REQUIRE(judge.wait_for_held(1));
  judge.release();
  const auto frames = client.until("run.finished");
  CHECK(count(frames, "stream.reset") == 1);
  CHECK(count(frames, "answer") == 0);
  CHECK(frames.back()["status"] == "denied");
  CHECK(frames.back()["reason"] == "guardrail");
  CHECK(frames.back()["error"] == "Ask a doctor.");
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("cancel while a judge is silent ends the run at once, its connection closed") {
  HttpPeer model(fakes::in_order({said(kKind)}));
  HttpPeer judge([](const PeerRequest&) { return PeerReply::silence(); });
  Daemon daemon(configuration(model, judge, R"({ input: [ { model: j, prompt: "Be kind." } ] })"));
  daemon.start();
  Client client(daemon);
  client.open();
  client.send(R"({"type":"message","id":"m1","text":"q"})");
  const std::string run = client.until("run.started").back()["run"];
  REQUIRE(judge.wait_for_requests(1));
  client.send(R"({"type":"cancel","run":")" + run + "\"}");
  CHECK(client.until("run.finished").back()["status"] == "cancelled");
  CHECK(judge.wait_for_open(0));
  CHECK(model.requests().empty());
  CHECK(daemon.stop().exit_code == 0);
}

TEST_CASE("ask ends with 1 when a rule refused, and says why on stderr; the built-in example shows how") {
  const std::string example = std::string(TROUPE_SOURCE_DIR) + "/examples/guardrails.yaml";
  Daemon daemon("");
  auto ask = [&](const std::string& question) {
    return fakes::run_program({program(), "ask", "-c", example, question},
                              {"XDG_STATE_HOME=" + daemon.store()});
  };
  auto good = ask("What is 17.5% of 2480?");
  CHECK(good.exit_code == 0);
  CHECK(good.out.contains("434"));
  auto long_one = ask("What is 1 + 1? " + std::string(300, 'x'));
  CHECK(long_one.exit_code == 1);
  CHECK(long_one.out.empty());
  CHECK(long_one.err.contains("Please ask in at most 200 characters."));
  auto denied = ask("What is 4111 1111 1111 1111 + 1?");
  CHECK(denied.exit_code == 1);
  CHECK(denied.err.contains("card number"));
}
