#include "app/talk/one_run.h"

#include "app/commands/command.h"
#include "runtime/async/nursery.h"

#include <csignal>

#include <boost/asio/signal_set.hpp>

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
  if (auto asked = co_await peer.cancel(run); !asked) complain(asked.error().message);
}

int exit_code_of(const Json& finished, bool interrupted) {
  if (string_or(finished, "status") == "done") return kDone;
  return interrupted ? kInterrupted : kFailed;
}

}  // namespace

Task<int> follow_run(Loop& loop, Peer& peer, Outgoing message, Printer& printer, Stop& cancelled,
                     Stop& gone) {
  auto run = co_await peer.send(std::move(message));
  if (!run) {
    complain(run.error().message);
    co_return run.error().code == ErrorCode::invalid || run.error().code == ErrorCode::not_found ? kUsage
                                                                                                 : kFailed;
  }
  Nursery nursery(loop);
  auto hook = cancelled.on_request(
      [&] { nursery.spawn("cancel", [&peer, run = *run] { return cancel_run(peer, run); }); });
  int code = kFailed;
  for (;;) {
    auto text = co_await peer.next(gone);
    if (!text) {
      if (!gone.requested()) complain(text.error().message);
      code = gone.requested() ? kInterrupted : kFailed;
      break;
    }
    auto event = parse_json(*text);
    if (!event || string_or(*event, "run") != *run) continue;
    printer.print(*text, *event);
    if (string_or(*event, "type") != "run.finished") continue;
    code = exit_code_of(*event, cancelled.requested());
    break;
  }
  hook.reset();
  co_await nursery.join();
  co_return code;
}

}  // namespace troupe::app
