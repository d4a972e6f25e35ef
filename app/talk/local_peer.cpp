#include "app/talk/peer.h"
#include "runtime/async/one_shot.h"

#include <algorithm>
#include <deque>

namespace troupe::app {

namespace {

constexpr Milliseconds kComesBack = std::chrono::seconds(2);  // of a run that waits for a person
constexpr Milliseconds kLook = std::chrono::milliseconds(2);
constexpr std::size_t kNewest = 64;  // runs of a conversation, of which one may wait

class LocalPeer final : public Peer, private store::Subscriber {
 public:
  LocalPeer(Loop& loop, agents::RunDesk& desk, Principal principal)
      : loop_(loop), desk_(desk), principal_(std::move(principal)) {}

  Task<Result<std::string>> open(std::string session, std::string target,
                                 std::optional<std::int64_t> after) override {
    target_ = target;
    const bool goes_on = !session.empty();
    auto row = co_await desk_.open_session(principal_, std::move(session), std::move(target));
    if (!row) co_return std::unexpected(row.error());
    session_ = row->id;
    if (goes_on) co_await until_it_waits();
    subscription_ =
        desk_.journal().subscribe(session_, *this);  // before reading: what comes meanwhile is not lost
    if (after) {
      auto read = co_await read_from(*after);
      if (!read) co_return std::unexpected(read.error());
    }
    co_return session_;
  }

  Task<Result<std::string>> send(Outgoing message) override {
    agents::Submission submission{.principal = principal_,
                                  .session = session_,
                                  .target = message.target.empty() ? target_ : std::move(message.target),
                                  .message_id = std::move(message.id),
                                  .text = std::move(message.text),
                                  .inputs = std::move(message.inputs)};
    auto accepted = co_await desk_.submit(std::move(submission));
    if (!accepted) co_return std::unexpected(accepted.error());
    co_return accepted->run;
  }

  Task<Result<agents::Forked>> fork(agents::ForkOrder order) override {
    order.principal = principal_;
    co_return co_await desk_.fork(std::move(order));
  }

  Task<Result<>> cancel(std::string run, agents::CancelMode mode) override {
    co_return co_await desk_.cancel(principal_, std::move(run), mode);
  }

  std::vector<Approval> waiting() const override {
    std::vector<Approval> all;
    for (agents::PendingApproval& one : desk_.pending(principal_, session_))
      all.push_back({.session = session_,
                     .run = std::move(one.run),
                     .call = std::move(one.call),
                     .tool = std::move(one.tool),
                     .input = std::move(one.input),
                     .question = std::move(one.question),
                     .reason = std::move(one.reason)});
    return all;
  }

  Task<Result<>> decide(Approval approval, Answer answer) override {
    agents::Decision decision{.principal = principal_,
                              .session = session_,
                              .run = std::move(approval.run),
                              .call = std::move(approval.call),
                              .approve = answer.approve,
                              .input = std::move(answer.input),
                              .reason = std::move(answer.reason)};
    co_return co_await desk_.decide(std::move(decision));
  }

  Task<> settle() override { co_return; }

  Task<Result<std::string>> next(Stop& stop) override {
    while (frames_.empty()) {
      if (stop.requested()) co_return fail(stopped("waiting for the next event", stop.reason()));
      OneShot<bool> ready(loop_);
      ready_ = &ready;
      auto hook = stop.on_request([&ready] { ready.set(false); });
      co_await ready.wait();
      ready_ = nullptr;
    }
    Frame frame = std::move(frames_.front());
    frames_.pop_front();
    co_return *frame.text;
  }

 private:
  // A run that waited for a person when its process ended waits again a moment after this one took it up; who
  // goes on with its conversation is to be asked.
  Task<> until_it_waits() {
    const Instant until = loop_.clock().now() + kComesBack;
    Stop never;
    while (desk_.pending(principal_, session_).empty() && loop_.clock().now() < until) {
      auto newest = co_await desk_.journal().list_runs(principal_.tenant, session_, kNewest);
      const auto waits = [](const store::RunRow& row) {
        return row.parent.empty() && row.status == "waiting";
      };
      if (!newest || std::ranges::none_of(*newest, waits)) co_return;
      co_await loop_.sleep_for(kLook, never);
    }
  }

  Task<Result<>> read_from(std::int64_t after) {
    std::deque<Frame> live = std::exchange(frames_, {});
    for (;;) {
      auto page = co_await desk_.journal().read_events(session_, after, limits::kReplayPage);
      if (!page) co_return std::unexpected(page.error());
      if (page->empty()) break;
      after = page->back().seq;
      for (Frame& frame : *page) history_.push_back(std::move(frame));
    }
    live.insert(live.end(), std::make_move_iterator(frames_.begin()), std::make_move_iterator(frames_.end()));
    frames_ = std::exchange(history_, {});
    for (Frame& frame : live)
      if (frame.is_volatile() || frame.seq > after) frames_.push_back(std::move(frame));
    co_return Result<>{};
  }

  void on_frame(const Frame& frame) override {
    frames_.push_back(frame);
    if (ready_) ready_->set(true);
  }

  Loop& loop_;
  agents::RunDesk& desk_;
  Principal principal_;
  std::string session_;
  std::string target_;
  std::unique_ptr<store::Journal::Subscription> subscription_;
  std::deque<Frame> frames_;
  std::deque<Frame> history_;
  OneShot<bool>* ready_ = nullptr;
};

}  // namespace

std::unique_ptr<Peer> make_local_peer(Loop& loop, agents::RunDesk& desk, Principal principal) {
  return std::make_unique<LocalPeer>(loop, desk, std::move(principal));
}

}  // namespace troupe::app
