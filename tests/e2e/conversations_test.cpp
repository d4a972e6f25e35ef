#include "runtime/async/nursery.h"
#include "tests/e2e/conversation_check.h"
#include "tests/e2e/recorded_stage.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/run_loop.h"

#include <memory>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::PeerReply;
using fakes::PeerRequest;
using fakes::recorded_conversation;
using fakes::RecordedConversation;
using fakes::RecordedModel;
using fakes::run;

namespace {

using Runs = std::vector<std::vector<Json>>;
using Place = RecordedModel::Place;
using std::chrono::milliseconds;

std::string field(const char* name, const std::string& value) {
  return fmt::format(",\"{}\":\"{}\"", name, value);
}

/// A conversation that one client holds and another watches.
class Talk {
 public:
  Talk(Loop& loop, RecordedStage& stage, const RecordedConversation& conversation)
      : stage_(stage), conversation_(conversation), client_(loop), watcher_(loop) {}

  Task<> begin(std::string agent) {
    co_await client_.connect(stage_.daemon.url());
    const Json opened = co_await client_.open(field("target", agent));
    co_await watcher_.connect(stage_.daemon.url());
    co_await watcher_.open(field("session", string_or(opened, "session")));
  }
  /// False when there is no such turn.
  Task<bool> turn(std::size_t number) {
    if (number >= conversation_.turns.size()) co_return false;
    const std::string id = fmt::format("m{}", number + 1);
    auto frames = co_await client_.ask(id, conversation_.turns[number].question);
    CHECK(string_or(frames.front(), "type") == "ack");
    CHECK(string_or(frames.front(), "id") == id);
    CHECK(frames.front()["duplicate"] == false);
    runs.push_back(std::move(frames));
    co_await watcher_.until("run.finished");
    co_return true;
  }
  Task<> end() {
    check_gap_free(client_.seqs());
    CHECK(client_.texts() == watcher_.texts());
    co_await client_.close();
    co_await watcher_.close();
  }

  Runs runs;

 private:
  RecordedStage& stage_;
  const RecordedConversation& conversation_;
  ChatClient client_;
  ChatClient watcher_;
};

Runs hold(Loop& loop, RecordedStage& stage, const RecordedConversation& conversation,
          const std::string& agent) {
  Talk talk(loop, stage, conversation);
  run(loop, talk.begin(agent));
  for (std::size_t turn = 0; run(loop, talk.turn(turn)); ++turn) {
  }
  run(loop, talk.end());
  return std::move(talk.runs);
}

void check_runs(const RecordedStage& stage, const RecordedConversation& conversation, const Runs& runs) {
  CAPTURE(conversation.id);
  REQUIRE(runs.size() == conversation.turns.size());
  for (std::size_t turn = 0; turn < runs.size(); ++turn)
    check_run(stage, conversation.turns[turn], runs[turn]);
}

std::vector<const RecordedConversation*> conversations(std::initializer_list<const char*> prefixes) {
  std::vector<const RecordedConversation*> chosen;
  for (const RecordedConversation& one : fakes::recorded_conversations())
    for (const char* prefix : prefixes)
      if (one.id.starts_with(prefix)) chosen.push_back(&one);
  return chosen;
}

/// Holds them one after another; returns how many.
std::size_t hold_all(RecordedStage& stage, std::initializer_list<const char*> prefixes,
                     const std::string& agent) {
  stage.daemon.start();
  SystemClock clock;
  Loop loop(clock);
  const auto chosen = conversations(prefixes);
  std::vector<Runs> held;
  for (const RecordedConversation* conversation : chosen) {
    CAPTURE(conversation->id);
    held.push_back(hold(loop, stage, *conversation, agent));
    check_runs(stage, *conversation, held.back());
  }
  const auto requests = stage.requests();
  for (std::size_t i = 0; i < chosen.size(); ++i)
    check_requests(stage, *chosen[i], held[i], requests.at(chosen[i]->id));
  CHECK(stage.daemon.stop().exit_code == 0);
  CHECK(stage.model.wait_for_open(0));
  return chosen.size();
}

}  // namespace

TEST_CASE("recorded conversations that look things up in Wikipedia, replies streamed") {
  RecordedStage stage({.kit = "wiki"});
  CHECK(hold_all(stage, {"hotpot-"}, "streamed") == 5);
}

TEST_CASE("recorded conversations with a model server that speaks TLS and chunks oddly") {
  RecordedStage stage(
      {.tls = true,
       .travel = [](PeerReply reply, const Place&,
                    const std::string&) { return std::move(reply).chunked({1, 7, 2, 1021, 3}); },
       .service_travel = [](PeerReply reply,
                            const PeerRequest&) { return std::move(reply).chunked({1, 7, 2, 1021, 3}); }});
  CHECK(hold_all(stage, {"fever-", "fireact-", "knowagent-"}, "streamed") == 8);
}

TEST_CASE("recorded conversations with replies as whole bodies, packed with gzip") {
  RecordedStage stage(
      {.travel = [](PeerReply reply, const Place&, const std::string&) { return std::move(reply).gzip(); },
       .service_travel = [](PeerReply reply, const PeerRequest&) { return std::move(reply).gzip(); }});
  CHECK(hold_all(stage, {"traces-", "crew-", "autogpt-", "openai-"}, "whole") == 12);
}

TEST_CASE("twenty recorded conversations at once, with slow servers") {
  RecordedStage stage(
      {.travel = [](PeerReply reply, const Place&,
                    const std::string&) { return std::move(reply).slowly(1460, milliseconds(1)); },
       .service_travel = [](PeerReply reply,
                            const PeerRequest&) { return std::move(reply).slowly(997, milliseconds(1)); }});
  stage.daemon.start();
  SystemClock clock;
  Loop loop(clock);
  const auto chosen =
      conversations({"fever-", "fireact-", "knowagent-", "traces-", "crew-", "autogpt-", "openai-"});
  std::vector<std::unique_ptr<Talk>> talks;
  for (const RecordedConversation* conversation : chosen)
    talks.push_back(std::make_unique<Talk>(loop, stage, *conversation));
  const auto each = [&](auto what) -> Task<> {
    Nursery nursery(loop);
    for (auto& talk : talks) nursery.spawn("talk", [&what, &talk] { return what(*talk); });
    co_await nursery.join();
  };

  run(loop, each([](Talk& talk) { return talk.begin("streamed"); }));
  for (std::size_t turn = 0; turn < 4; ++turn)
    run(loop, each([turn](Talk& talk) -> Task<> { co_await talk.turn(turn); }));
  run(loop, each([](Talk& talk) { return talk.end(); }));

  CHECK(chosen.size() == 20);
  const auto requests = stage.requests();
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    check_runs(stage, *chosen[i], talks[i]->runs);
    check_requests(stage, *chosen[i], talks[i]->runs, requests.at(chosen[i]->id));
  }
  CHECK(stage.daemon.stop().exit_code == 0);
}

TEST_CASE(
    "an agent without memory is told nothing of earlier turns, one with a window of one turn the last") {
  RecordedStage stage;
  stage.daemon.start();
  SystemClock clock;
  Loop loop(clock);
  const RecordedConversation& first = recorded_conversation("fever-3");
  const RecordedConversation& second = recorded_conversation("fireact-3");

  const Runs forgotten = hold(loop, stage, first, "forgetful");
  const Runs windowed = hold(loop, stage, second, "windowed");

  const auto requests = stage.requests();
  check_runs(stage, first, forgotten);
  check_runs(stage, second, windowed);
  check_requests(stage, first, forgotten, requests.at(first.id), 0);
  check_requests(stage, second, windowed, requests.at(second.id), 1);
}
