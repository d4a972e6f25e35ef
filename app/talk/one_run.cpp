#include "app/talk/one_run.h"

#include "agents/runs/run_tree.h"
#include "app/commands/command.h"
#include "runtime/async/nursery.h"

#include <csignal>

#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

namespace troupe::app {

struct Interrupts::State : std::enable_shared_from_this<Interrupts::State> {
  State(Loop& loop, Stop& c, Stop& g) : set(loop.context(), SIGINT), cancelled(&c), gone(&g) {}
  void wait() {
    set.async_wait([self = shared_from_this()](boost::system::error_code error, int) {
      if (error || !self->cancelled) return;
      if (self->cancelled->requested())
        self->gone->request(StopReason::cancelled);
      else
        self->cancelled->request(StopReason::cancelled);
      self->wait();
    });
  }
  boost::asio::signal_set set;
  Stop* cancelled;
  Stop* gone;
};

Interrupts::Interrupts(Loop& loop, Stop& cancelled, Stop& gone)
    : state_(std::make_shared<State>(loop, cancelled, gone)) {
  state_->wait();
}

Interrupts::~Interrupts() {
  state_->cancelled = nullptr;
  state_->set.cancel();
}

namespace {

Task<> cancel_run(Peer& peer, std::string run) {
  if (auto asked = co_await peer.cancel(run, agents::CancelMode::now); !asked)
    complain(asked.error().message);
}

std::string told_waiting(const Approval& approval) {
  if (!approval.question.empty())
    return fmt::format("a person must answer the call {} of run {}, and there is no terminal to ask on: {}\n",
                       approval.call, approval.run, approval.question);
  if (!approval.reason.empty())
    return fmt::format(
        "a person must say whether the call {} of run {} is made again, and there is no terminal to ask on: "
        "{} {}\n",
        approval.call, approval.run, approval.tool, dump(approval.input));
  return fmt::format("a person must allow the call {} of run {}, and there is no terminal to ask on: {} {}\n",
                     approval.call, approval.run, approval.tool, dump(approval.input));
}

/// Reads the session's events until one run has ended.
class Follower {
 public:
  Follower(Loop& loop, Peer& peer, std::string run, Following& following)
      : peer_(peer),
        tree_(std::move(run)),
        following_(following),
        reading_(following.gone),
        approver_(loop, peer, following.lines, reading_) {}

  Task<int> follow() {
    int code = kNeedsApproval;
    bool asked = true;
    for (Approval& waiting : peer_.waiting()) asked = ask(std::move(waiting)) && asked;
    if (asked) code = co_await read();
    co_await approver_.leave();
    co_return code;
  }

 private:
  Task<int> read() {
    for (;;) {
      auto text = co_await peer_.next(reading_);
      if (!text && reading_.reason() == StopReason::shutdown) co_return kNeedsApproval;  // nobody is there
      if (!text) {
        if (!following_.gone.requested()) complain(text.error().message);
        co_return following_.gone.requested() ? kInterrupted : kFailed;
      }
      auto event = parse_json(*text);
      if (!event) continue;
      const std::string type = string_or(*event, "type");
      const std::string of = string_or(*event, "run");
      const bool own = tree_.is_root(*event);
      if (tree_.takes(*event)) following_.printer.print(*text, *event, own ? Whose::run : Whose::member);
      if (type == "answer" && own) answered_ = true;
      if (type == "approval.required" && !ask(approval_of(*event))) co_return kNeedsApproval;
      if (type == "approval.given" || type == "approval.denied")
        approver_.decided(of, string_or(*event, "call"));
      if (type != "run.finished") continue;
      approver_.ended(of);
      if (own) co_return exit_code(*event);
    }
  }

  bool ask(Approval approval) {
    const Approval shown = approval;
    if (approver_.ask(std::move(approval))) return true;
    complain(told_waiting(shown) +
             fmt::format("The run waits. On a terminal, `troupe chat --session {}` asks; a program sends "
                         "`approve` or `deny`.",
                         shown.session));
    return false;
  }

  int exit_code(const Json& finished) const {
    const std::string status = string_or(finished, "status");
    if (status == "done" || (status == "limit" && answered_)) return kDone;
    return following_.cancelled.requested() ? kInterrupted : kFailed;
  }

  Peer& peer_;
  agents::RunTree tree_;
  Following& following_;
  Stop reading_;
  Approver approver_;
  bool answered_ = false;
};

}  // namespace

Task<int> follow_run(Loop& loop, Peer& peer, Outgoing message, Following following) {
  auto run = co_await peer.send(std::move(message));
  if (!run) {
    complain(run.error().message);
    co_return run.error().code == ErrorCode::invalid || run.error().code == ErrorCode::not_found ? kUsage
                                                                                                 : kFailed;
  }
  co_return co_await follow_run(loop, peer, std::move(*run), following);
}

Task<int> follow_run(Loop& loop, Peer& peer, std::string run, Following following) {
  Nursery nursery(loop);
  auto hook = following.cancelled.on_request(
      [&] { nursery.spawn("cancel", [&peer, run] { return cancel_run(peer, run); }); });
  Follower follower(loop, peer, run, following);
  const int code = co_await follower.follow();
  hook.reset();
  co_await nursery.join();
  co_return code;
}

}  // namespace troupe::app
