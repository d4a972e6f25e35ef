#include "runtime/net/http_client.h"
#include "tests/e2e/conversation_check.h"
#include "tests/e2e/recorded_stage.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/run_loop.h"

#include <atomic>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::e2e;
using fakes::ChatClient;
using fakes::frame_of;
using fakes::journaled;
using fakes::PeerReply;
using fakes::PeerRequest;
using fakes::recorded_conversation;
using fakes::RecordedConversation;
using fakes::RecordedModel;
using fakes::run;

namespace {

using Place = RecordedModel::Place;

/// What happens to one reply of one conversation: the first `times` times it is asked for.
RecordedModel::Travel at(std::string conversation, std::size_t turn, std::size_t step, int times,
                         std::function<PeerReply(PeerReply, const std::string& body)> what) {
  auto left = std::make_shared<std::atomic<int>>(times);
  return [=](PeerReply reply, const Place& place, const std::string& body) {
    if (place.conversation->id != conversation || place.turn != turn || place.step != step || (*left)-- <= 0)
      return reply;
    return what(std::move(reply), body);
  };
}

/// An event stream that stops in the middle until the peer lets it go on.
PeerReply half_then_hold(const std::string& body) {
  const std::size_t middle = body.find("\n\n", body.size() / 2) + 2;
  PeerReply reply(200);
  reply.header("content-type", "text/event-stream").chunked();
  reply.write(body.substr(0, middle)).hold().write(body.substr(middle));
  return reply;
}

/// One conversation with the daemon, message by message.
struct Talk {
  explicit Talk(RecordedStage& on) : stage(on) {}

  /// Opens the session: a new one, or again after what was seen.
  void connect() {
    client = std::make_unique<ChatClient>(loop);
    run(loop, client->connect(stage.daemon.url()));
    std::string fields;
    if (!session.empty()) fields = fmt::format(R"(,"session":"{}","after":{})", session, last());
    session = string_or(run(loop, client->open(fields)), "session");
  }
  /// The connection goes, without a word.
  void vanish() {
    keep();
    client->drop();
  }
  std::int64_t last() const { return seqs.empty() ? 0 : seqs.back(); }
  void keep() { seqs.insert(seqs.end(), client->seqs().begin(), client->seqs().end()); }
  void say(const RecordedConversation& conversation, std::size_t turn) {
    run(loop, client->send(dump(Json{{"type", "message"},
                                     {"id", fmt::format("m{}", turn + 1)},
                                     {"text", conversation.turns[turn].question}})));
  }
  std::vector<Json> until(const std::string& type) { return run(loop, client->until(type)); }
  std::vector<Json> ask(const RecordedConversation& conversation, std::size_t turn) {
    say(conversation, turn);
    return until("run.finished");
  }

  RecordedStage& stage;
  SystemClock clock;
  Loop loop{clock};
  std::unique_ptr<ChatClient> client;
  std::string session;
  std::vector<std::int64_t> seqs;
};

void add(std::vector<Json>& frames, std::vector<Json> more) {
  for (Json& frame : more) frames.push_back(std::move(frame));
}

/// Until the daemon says that it takes no more messages.
void wait_until_unready(Talk& talk) {
  auto http = net::make_curl_client(talk.loop, {}, net::Guarding::open);
  Stop never;
  for (int status = 200; status == 200;) {
    auto answer = run(talk.loop, http->fetch({.url = talk.stage.daemon.url() + "/readyz"}, never));
    REQUIRE_MESSAGE(answer, (answer ? std::string() : answer.error().message));
    status = answer->status;
  }
}

/// Takes out the requests that were made again unchanged; returns how many.
std::size_t drop_repeated(std::vector<Json>& requests) {
  std::size_t dropped = 0;
  for (std::size_t i = 1; i < requests.size();) {
    if (requests[i] == requests[i - 1]) {
      requests.erase(requests.begin() + static_cast<std::ptrdiff_t>(i));
      ++dropped;
    } else {
      ++i;
    }
  }
  return dropped;
}

std::size_t times_of(const std::vector<Json>& frames, std::string_view type) {
  std::size_t times = 0;
  for (const Json& frame : frames)
    if (string_or(frame, "type") == type) ++times;
  return times;
}

}  // namespace

TEST_CASE(
    "a client that loses its connection in the middle of a turn goes on with after and misses nothing") {
  const RecordedConversation& conversation = recorded_conversation("fever-1");
  RecordedStage stage({.travel = at("fever-1", 1, 1, 1, [](PeerReply reply, const std::string&) {
                         return std::move(reply).held();
                       })});
  stage.daemon.start();
  Talk talk(stage);
  talk.connect();
  std::vector<std::vector<Json>> runs = {talk.ask(conversation, 0)};

  talk.say(conversation, 1);
  std::vector<Json> frames = talk.until("observation");
  REQUIRE(stage.model.wait_for_held(1));
  talk.vanish();
  stage.model.release();  // the run ends while nobody looks
  talk.connect();
  add(frames, talk.until("run.finished"));
  runs.push_back(std::move(frames));
  runs.push_back(talk.ask(conversation, 2));
  talk.keep();

  check_gap_free(talk.seqs);
  for (std::size_t turn = 0; turn < runs.size(); ++turn)
    check_run(stage, conversation.turns[turn], runs[turn], Shown::in_part);
  check_requests(stage, conversation, runs, stage.requests().at(conversation.id));
}

TEST_CASE(
    "kill -9 while the model writes: the run goes on after the restart, nothing is lost or said twice") {
  const RecordedConversation& conversation = recorded_conversation("fireact-1");
  RecordedStage stage({.travel = at("fireact-1", 1, 1, 1, [](PeerReply, const std::string& body) {
                         return half_then_hold(body);
                       })});
  stage.daemon.start();
  Talk talk(stage);
  talk.connect();
  std::vector<std::vector<Json>> runs = {talk.ask(conversation, 0)};

  talk.say(conversation, 1);
  std::vector<Json> frames = talk.until("observation");
  add(frames, talk.until("thought.delta"));  // of the reply that will never end
  talk.vanish();
  stage.daemon.kill();
  stage.model.release();
  stage.daemon.start();
  talk.connect();
  add(frames, talk.until("run.finished"));
  runs.push_back(std::move(frames));
  runs.push_back(talk.ask(conversation, 2));
  talk.keep();

  check_gap_free(talk.seqs);
  for (std::size_t turn = 0; turn < runs.size(); ++turn) {
    check_run(stage, conversation.turns[turn], runs[turn], Shown::in_part);
    CHECK(times_of(runs[turn], "run.finished") == 1);
  }
  std::vector<Json> requests = stage.requests().at(conversation.id);
  CHECK(drop_repeated(requests) == 1);
  check_requests(stage, conversation, runs, requests);
  CHECK(stage.daemon.stop().exit_code == 0);
}

TEST_CASE("kill -9 while a tool is asked: it is asked again, and its observation is seen once") {
  const RecordedConversation& conversation = recorded_conversation("fireact-2");
  auto first = std::make_shared<std::atomic<bool>>(true);
  RecordedStage stage({.service_travel = [first](PeerReply reply, const PeerRequest& request) {
    if (request.body.contains("when was the Singapore Girl introduced") && first->exchange(false))
      return std::move(reply).held();
    return reply;
  }});
  stage.daemon.start();
  Talk talk(stage);
  talk.connect();

  talk.say(conversation, 0);
  std::vector<Json> frames = talk.until("observation");
  add(frames, talk.until("action"));
  REQUIRE(stage.web.wait_for_held(1));
  talk.vanish();
  stage.daemon.kill();
  stage.web.release();
  stage.daemon.start();
  talk.connect();
  add(frames, talk.until("run.finished"));
  std::vector<std::vector<Json>> runs = {std::move(frames)};
  for (std::size_t turn = 1; turn < conversation.turns.size(); ++turn)
    runs.push_back(talk.ask(conversation, turn));
  talk.keep();

  check_gap_free(talk.seqs);
  for (std::size_t turn = 0; turn < runs.size(); ++turn)
    check_run(stage, conversation.turns[turn], runs[turn], Shown::in_part);
  check_requests(stage, conversation, runs, stage.requests().at(conversation.id));
  CHECK(times_of(runs[0], "observation") == 2);
  std::size_t asked = 0;
  for (const PeerRequest& request : stage.web.requests())
    if (request.body.contains("when was the Singapore Girl introduced")) ++asked;
  CHECK(asked == 2);
}

TEST_CASE("a daemon that is told to stop leaves the run to the next start") {
  const RecordedConversation& conversation = recorded_conversation("knowagent-1");
  RecordedStage stage({.travel = at("knowagent-1", 1, 1, 1, [](PeerReply, const std::string& body) {
                         return half_then_hold(body);
                       })});
  stage.daemon.start();
  Talk talk(stage);
  talk.connect();
  std::vector<std::vector<Json>> runs = {talk.ask(conversation, 0)};

  talk.say(conversation, 1);
  std::vector<Json> frames = talk.until("observation");
  REQUIRE(stage.model.wait_for_held(1));
  stage.daemon.process().signal(SIGTERM);
  wait_until_unready(talk);
  stage.daemon.process().signal(SIGTERM);  // a second one does not wait for runs
  add(frames, run(talk.loop, talk.client->rest()));
  talk.vanish();
  CHECK(stage.daemon.process().wait().exit_code == 0);
  CHECK(times_of(frames, "run.finished") == 0);
  stage.model.release();
  stage.daemon.start();
  talk.connect();
  add(frames, talk.until("run.finished"));
  runs.push_back(std::move(frames));
  talk.keep();

  check_gap_free(talk.seqs);
  for (std::size_t turn = 0; turn < runs.size(); ++turn)
    check_run(stage, conversation.turns[turn], runs[turn], Shown::in_part);
}

TEST_CASE("cancelling in the middle of an answer closes the model's connection; the conversation goes on") {
  const RecordedConversation& conversation = recorded_conversation("fireact-3");
  RecordedStage stage({.travel = at("fireact-3", 1, 1, 1, [](PeerReply, const std::string& body) {
                         return half_then_hold(body);
                       })});
  stage.daemon.start();
  Talk talk(stage);
  talk.connect();
  check_run(stage, conversation.turns[0], talk.ask(conversation, 0));

  talk.say(conversation, 1);
  std::vector<Json> frames = talk.until("observation");
  add(frames, talk.until("thought.delta"));
  const std::string id = string_or(frames.back(), "run");
  run(talk.loop, talk.client->send(fmt::format(R"({{"type":"cancel","run":"{}","id":"c1"}})", id)));
  add(frames, talk.until("run.finished"));
  CHECK(stage.model.wait_for_open(0));
  const auto next = talk.ask(conversation, 2);
  talk.keep();

  const Json finished = frames.back();
  CHECK(finished["status"] == "cancelled");
  CHECK(finished["reason"] == "cancelled");
  CHECK(finished["steps"] == 2);
  CHECK(times_of(frames, "run.finished") == 1);
  CHECK(times_of(frames, "answer") == 0);
  CHECK(times_of(frames, "ack") == 2);  // of the message and of the cancel
  check_gap_free(talk.seqs);
  check_run(stage, conversation.turns[2], next);
  const Json messages = stage.requests().at(conversation.id).back().at("messages");
  REQUIRE(messages.size() > 4);
  CHECK(string_or(messages[3], "content").starts_with(conversation.turns[1].question));
  CHECK(string_or(messages[3], "content").contains("was not answered: the run was cancelled"));
  CHECK(string_or(messages[4], "content") == conversation.turns[2].question);
}

TEST_CASE("cancelling after the step keeps the observation and asks the model nothing more") {
  const RecordedConversation& conversation = recorded_conversation("fireact-1");
  auto first = std::make_shared<std::atomic<bool>>(true);
  RecordedStage stage({.service_travel = [first](PeerReply reply, const PeerRequest&) {
    return first->exchange(false) ? std::move(reply).held() : std::move(reply);
  }});
  stage.daemon.start();
  Talk talk(stage);
  talk.connect();

  talk.say(conversation, 0);
  std::vector<Json> frames = talk.until("action");
  REQUIRE(stage.web.wait_for_held(1));
  run(talk.loop,
      talk.client->send(fmt::format(R"({{"type":"cancel","run":"{}","mode":"after_step","id":"c"}})",
                                    string_or(frames.back(), "run"))));
  add(frames, talk.until("ack"));
  stage.web.release();
  add(frames, talk.until("run.finished"));

  CHECK(frames.back()["status"] == "cancelled");
  CHECK(frame_of(frames, "observation")["ok"] == true);
  CHECK(stage.requests().at(conversation.id).size() == 1);
}

TEST_CASE(
    "a model server that is busy for a while is asked again: the same events, and warnings that say why") {
  const RecordedConversation& conversation = recorded_conversation("crew-1");
  RecordedStage stage({.travel = at("crew-1", 0, 1, 2, [](PeerReply, const std::string&) {
                         return PeerReply::json(R"({"error":{"message":"Rate limit reached for gpt"}})", 429)
                             .header("Retry-After", "0");
                       })});
  stage.daemon.start();
  Talk talk(stage);
  talk.connect();

  const std::vector<std::vector<Json>> runs = {talk.ask(conversation, 0), talk.ask(conversation, 1),
                                               talk.ask(conversation, 2)};

  std::size_t warned = 0;
  for (const Json& frame : runs[0])
    if (string_or(frame, "code") == "model_retry") {
      ++warned;
      CHECK(string_or(frame, "text").contains("HTTP 429: Rate limit reached for gpt"));
    }
  CHECK(warned == 2);
  for (std::size_t turn = 0; turn < runs.size(); ++turn)
    check_run(stage, conversation.turns[turn], runs[turn]);
  std::vector<Json> requests = stage.requests().at(conversation.id);
  CHECK(drop_repeated(requests) == 2);
  check_requests(stage, conversation, runs, requests);
  talk.keep();
  check_gap_free(talk.seqs);
}

TEST_CASE(
    "a model server that is gone ends the run with its address; the conversation goes on when it is back") {
  const RecordedConversation& conversation = recorded_conversation("autogpt-1");
  RecordedStage stage({.travel = at("autogpt-1", 1, 0, 1, [](PeerReply, const std::string&) {
                         return PeerReply::json(R"({"error":{"message":"no such deployment"}})", 404);
                       })});
  stage.daemon.start();
  Talk talk(stage);
  talk.connect();

  const auto before = talk.ask(conversation, 0);
  const auto failed = talk.ask(conversation, 1);
  const auto after = talk.ask(conversation, 2);

  check_run(stage, conversation.turns[0], before);
  CHECK(journaled(failed) == std::vector<std::string>{"run.started", "run.finished"});
  CHECK(failed.back()["status"] == "failed");
  CHECK(failed.back()["reason"] == "model_error");
  CHECK(string_or(failed.back(), "error").contains(stage.model.url("/v1/chat/completions")));
  CHECK(string_or(failed.back(), "error").contains("HTTP 404: no such deployment"));
  CHECK_FALSE(string_or(failed.back(), "error").contains(RecordedModel::kKey));
  check_run(stage, conversation.turns[2], after);
  const Json messages = stage.requests().at(conversation.id).back().at("messages");
  CHECK(string_or(messages[3], "content").contains("was not answered: the run was failed, model_error"));
}
