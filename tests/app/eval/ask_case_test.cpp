#include "app/eval/ask_case.h"

#include "app/eval/each_case.h"
#include "runtime/async/one_shot.h"
#include "tests/fakes/run_loop.h"

#include <algorithm>
#include <deque>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::app;

namespace {

/// Answers with the events that it is given, and then ends the run once it is cancelled.
class ScriptedPeer final : public Peer {
 public:
  explicit ScriptedPeer(Loop& loop) : cancelled_(loop) {}

  std::deque<std::string> events;
  std::optional<Error> open_error, send_error, next_error;
  std::string target;
  int cancels = 0;

  Task<Result<std::string>> open(std::string, std::string wanted, std::optional<std::int64_t>) override {
    target = wanted;
    if (open_error) co_return fail(*open_error);
    co_return "s1";
  }
  Task<Result<std::string>> send(Outgoing) override {
    if (send_error) co_return fail(*send_error);
    co_return "r1";
  }
  Task<Result<agents::Forked>> fork(agents::ForkOrder) override {
    co_return fail(ErrorCode::invalid, "an evaluation forks nothing");
  }
  Task<Result<>> cancel(std::string, agents::CancelMode) override {
    ++cancels;
    cancelled_.set(true);
    co_return Result<>();
  }
  std::vector<Approval> waiting() const override { return {}; }
  Task<Result<>> decide(Approval, troupe::app::Answer) override { co_return Result<>(); }
  Task<> settle() override { co_return; }
  Task<Result<std::string>> next(Stop&) override {
    if (events.empty() && next_error) co_return fail(*next_error);
    if (events.empty()) {
      (void)co_await cancelled_.wait();
      events.push_back(R"({"type":"run.finished","run":"r1","status":"cancelled","reason":"cancelled"})");
    }
    std::string text = std::move(events.front());
    events.pop_front();
    co_return text;
  }

 private:
  OneShot<bool> cancelled_;
};

struct Asking {
  SystemClock clock;
  Loop loop{clock};
  Stop cancelled, gone;
  ScriptedPeer peer{loop};
  Result<AskedCase> ask() {
    return fakes::run(loop, ask_case(loop, peer, "desk", {.text = "?"}, cancelled, gone));
  }
};

}  // namespace

TEST_CASE("the answer is that of the question's own run, with what it took") {
  Asking asking;
  asking.peer.events = {R"({"type":"answer","run":"r0","text":"of another"})", "no json",
                        R"({"type":"answer","run":"r1","text":"42"})",
                        R"({"type":"run.finished","run":"r1","status":"done","reason":"final_answer",)"
                        R"("ms":7,"input_tokens":5,"output_tokens":2,"cost":0.5})"};
  auto asked = asking.ask();
  REQUIRE(asked);
  CHECK(asking.peer.target == "desk");
  CHECK(asked->answer == "42");
  CHECK(asked->failure.empty());
  CHECK(asked->run == "r1");
  CHECK(asked->session == "s1");
  CHECK(asked->ms == 7);
  CHECK(asked->input_tokens == 5);
  CHECK(asked->output_tokens == 2);
  CHECK(asked->cost == 0.5);
}

TEST_CASE("an answer that came at a limit counts, and a run without one has failed") {
  Asking limited;
  limited.peer.events = {R"({"type":"answer","run":"r1","text":"so far"})",
                         R"({"type":"run.finished","run":"r1","status":"limit","reason":"max_steps"})"};
  CHECK(limited.ask()->answer == "so far");
  Asking failed;
  failed.peer.events = {R"({"type":"run.finished","run":"r1","status":"failed","reason":"model_error"})"};
  auto asked = failed.ask();
  REQUIRE(asked);
  CHECK(asked->failure == "failed: model_error");
  CHECK(asked->answer.empty());
  Asking half;  // an answer of a run that failed afterwards is none
  half.peer.events = {R"({"type":"answer","run":"r1","text":"x"})",
                      R"({"type":"run.finished","run":"r1","status":"failed","reason":"guardrail"})"};
  CHECK(half.ask()->answer.empty());
}

TEST_CASE("a run that needs a person is cancelled and says why") {
  Asking asking;
  asking.peer.events = {R"({"type":"approval.required","run":"r1","call":"c1","tool":"crm"})"};
  auto asked = asking.ask();
  REQUIRE(asked);
  CHECK(asking.peer.cancels == 1);
  CHECK(asked->failure.contains("`crm`"));
}

TEST_CASE("a stop cancels the run and waits for its end") {
  Asking asking;
  asking.cancelled.request(StopReason::cancelled);
  auto asked = asking.ask();
  REQUIRE(asked);
  CHECK(asking.peer.cancels == 1);
  CHECK(asked->failure == "cancelled: cancelled");
}

TEST_CASE("a refused message is a failed question; a target or daemon that is not there ends everything") {
  Asking refused;
  refused.peer.send_error = Error{ErrorCode::too_large, "the text is too large"};
  CHECK(refused.ask()->failure == "the text is too large");
  Asking unknown;
  unknown.peer.open_error = Error{ErrorCode::not_found, "no such target"};
  CHECK(unknown.ask().error().code == ErrorCode::not_found);
  Asking lost;
  lost.peer.next_error = Error{ErrorCode::network, "the daemon went away"};
  CHECK(lost.ask().error().code == ErrorCode::network);
  Asking unsent;
  unsent.peer.send_error = Error{ErrorCode::network, "the daemon went away"};
  CHECK(unsent.ask().error().code == ErrorCode::network);
}

TEST_CASE("cases begin in order, so many at once, and none after a stop") {
  SystemClock clock;
  Loop loop(clock);
  Stop stop;
  std::vector<std::size_t> begun;
  std::size_t at_work = 0, most = 0;
  auto body = [&](std::size_t index) -> Task<> {
    begun.push_back(index);
    most = std::max(most, ++at_work);
    (void)co_await loop.sleep_for(Milliseconds(0), stop);
    --at_work;
    if (index == 5) stop.request(StopReason::cancelled);
  };
  fakes::run(loop, each_case(loop, 100, 3, stop, body));
  CHECK(most == 3);
  CHECK(at_work == 0);
  CHECK(std::ranges::is_sorted(begun));
  CHECK(begun.size() >= 6);
  CHECK(begun.size() <= 9);
  begun.clear();
  Stop none;
  fakes::run(loop, each_case(loop, 2, 0, none, body));
  CHECK(begun == std::vector<std::size_t>{0, 1});
  fakes::run(loop, each_case(loop, 0, 4, none, body));
  CHECK(begun.size() == 2);
}
