#include "gateway/chat/chat_connection.h"

#include "runtime/telemetry/log.h"

#include <utility>

namespace troupe::gateway {

ChatConnection::ChatConnection(Loop& loop, agents::RunDesk& desk, net::WsConnection& socket,
                               Principal principal, ChatSettings settings)
    : loop_(loop),
      desk_(desk),
      socket_(socket),
      principal_(std::move(principal)),
      settings_(settings),
      outbox_(settings.outbox),
      protocol_(loop.clock(), outbox_, settings.sessions_max),
      commands_(loop, limits::kCommandsInFlight),
      nursery_(loop) {}

ChatConnection::Tail::Tail(ChatConnection& owner, std::string session)
    : owner_(owner),
      session_(std::move(session)),
      subscription_(owner.desk_.journal().subscribe(session_, *this)) {}

Task<> ChatConnection::run(Stop& drain) {
  auto hook =
      drain.on_request([this] { begin_close(net::close_code::kGoingAway, "the daemon is stopping"); });
  nursery_.spawn("chat writer", [this] { return write_frames(); });
  nursery_.spawn("chat commands", [this] { return perform_commands(); });
  co_await read_frames();
  gone_ = true;
  // A peer that has ended its side and does not read ours must not keep the writer.
  close_alarm_ = loop_.at(loop_.clock().now() + settings_.close_timeout, [this] { socket_.drop(); });
  commands_.close();
  flush();
  for (auto* waiter : std::exchange(room_waiters_, {})) waiter->set(true);
  co_await nursery_.join();
}

Task<> ChatConnection::read_frames() {
  for (;;) {
    auto message = co_await socket_.read(never_);
    if (!message) {
      log::debug("chat connection ended", {{"client", principal_.name}, {"reason", message.error().message}});
      co_return;
    }
    if (over()) continue;  // read on for the peer's close frame
    if (!message->text) {
      protocol_.on_binary();
    } else if (auto command = protocol_.on_text(message->data)) {
      if (commands_.size() == commands_.capacity())
        protocol_.refuse_busy(*command);
      else
        (void)commands_.put(std::move(*command));
    }
    flush();
  }
}

Task<> ChatConnection::perform_commands() {
  while (auto command = co_await commands_.take(never_)) {
    if (auto* open = std::get_if<OpenFrame>(&*command)) {
      if (!over()) co_await perform(std::move(*open));
    } else if (auto* message = std::get_if<MessageFrame>(&*command)) {
      co_await perform(std::move(*message));
    } else if (auto* cancel = std::get_if<CancelFrame>(&*command)) {
      co_await perform(std::move(*cancel));
    } else if (auto* decision = std::get_if<DecisionFrame>(&*command)) {
      co_await perform(std::move(*decision));
    }
    flush();
  }
}

Task<> ChatConnection::perform(OpenFrame frame) {
  if (!protocol_.may_open(frame)) co_return;
  // Subscribed before anything is read: what is committed from here on comes live.
  if (!frame.session.empty()) follow(frame.session);
  auto session = co_await desk_.open_session(principal_, frame.session, frame.target);
  if (!session) {
    protocol_.not_opened(frame, session.error());
  } else {
    follow(session->id);
    std::int64_t oldest = 0;
    if (frame.after && *frame.after < session->last_seq)
      oldest = co_await oldest_after(session->id, *frame.after);
    protocol_.opened(frame, *session, oldest, desk_.pending(principal_, session->id));
  }
  const std::string id = session ? session->id : frame.session;
  if (protocol_.is_open(id))
    tend(id);
  else
    tails_.erase(id);
}

// Seq of the first event after `after`, which is its successor unless older ones are no longer kept.
Task<std::int64_t> ChatConnection::oldest_after(std::string session, std::int64_t after) {
  auto first = co_await desk_.journal().read_events(session, after, 1);
  co_return first && !first->empty() ? first->front().seq : 0;
}

Task<> ChatConnection::perform(MessageFrame frame) {
  auto session = protocol_.addressed_session(frame);
  if (!session) co_return;
  agents::Submission submission;
  submission.principal = principal_;
  submission.session = *session;
  submission.target = frame.target;
  submission.message_id = frame.id;
  submission.text = std::move(frame.text);
  submission.inputs = std::move(frame.inputs);
  submission.attachments = std::move(frame.attachments);
  protocol_.feed(*session).expect_run();
  auto accepted = co_await desk_.submit(std::move(submission));
  protocol_.submitted(frame, *session, accepted);
  tend(*session);
}

Task<> ChatConnection::perform(CancelFrame frame) {
  auto taken = co_await desk_.cancel(principal_, frame.run, frame.mode);
  protocol_.cancelled(frame, taken);
}

Task<> ChatConnection::perform(DecisionFrame frame) {
  if (frame.run.empty()) {
    auto session = protocol_.addressed_session(frame);
    if (!session) co_return;
    frame.session = *session;
  }
  agents::Decision decision;
  decision.principal = principal_;
  decision.session = frame.session;
  decision.run = frame.run;
  decision.call = frame.call;
  decision.approve = frame.approve;
  decision.input = std::move(frame.input);
  decision.reason = std::move(frame.reason);
  auto taken = co_await desk_.decide(std::move(decision));
  protocol_.decided(frame, taken);
}

void ChatConnection::follow(const std::string& session) {
  protocol_.feed(session);
  auto& tail = tails_[session];
  if (!tail) tail = std::make_unique<Tail>(*this, session);
}

void ChatConnection::on_live(const std::string& session, const Frame& frame) {
  if (over()) return;
  protocol_.feed(session).on_live(frame);
  tend(session);
  flush();
}

void ChatConnection::tend(const std::string& session) {
  auto tail = tails_.find(session);
  if (over() || tail == tails_.end() || tail->second->pumping || !protocol_.feed(session).wanted()) return;
  tail->second->pumping = true;
  nursery_.spawn("chat replay", [this, session] { return pump(session); });
}

Task<> ChatConnection::pump(std::string session) {
  while (!over()) {
    const auto page = protocol_.feed(session).wanted();
    if (!page) break;
    if (!co_await pump_page(session, *page)) {
      begin_close(net::close_code::kInternal, "the journal cannot be read");
      break;
    }
  }
  tails_.at(session)->pumping = false;
}

Task<bool> ChatConnection::pump_page(std::string session, SessionFeed::Page page) {
  auto frames = co_await desk_.journal().read_events(session, page.after, page.limit);
  if (!frames) {
    log::error("a session cannot be replayed", {{"session", session}, {"reason", frames.error().message}});
    co_return false;
  }
  SessionFeed& feed = protocol_.feed(session);
  std::size_t bytes = 0;
  bool whole = true;
  for (const Frame& frame : *frames) {
    co_await room();
    if (over()) co_return true;
    bytes += frame.text->size();
    whole = feed.on_replayed(page, frame);
    flush();
    if (!whole) break;
  }
  const bool sound = feed.on_page_end(page, frames->size(), bytes, whole);
  flush();
  if (!sound)
    log::error("the journal misses events of a session", {{"session", session}, {"after", page.after}});
  co_return sound;
}

// A replay never fills the outbox: it goes as fast as the client reads.
Task<> ChatConnection::room() {
  while (!over() && outbox_.bytes() > limits::kReplayBytes) {
    OneShot<bool> room(loop_);
    room_waiters_.push_back(&room);
    co_await room.wait();
  }
}

Task<> ChatConnection::write_frames() {
  for (;;) {
    while (outbox_.empty() && !over()) {
      OneShot<bool> wake(loop_);
      writer_ = &wake;
      co_await wake.wait();
      writer_ = nullptr;
    }
    if (gone_) co_return;
    if (outbox_.empty()) break;
    if (!co_await socket_.send(outbox_.take(limits::kWriteBatch))) co_return;
    for (auto* waiter : std::exchange(room_waiters_, {})) waiter->set(true);
  }
  co_await socket_.close(close_code_, close_reason_);
}

void ChatConnection::flush() {
  if (protocol_.overflowed() && !over()) {
    log::warn("a client reads too slowly and was closed",
              {{"client", principal_.name}, {"bytes", outbox_.bytes()}});
    outbox_.clear();
    begin_close(net::close_code::kTryLater, "too slow; come back with `after`");
  }
  if (writer_ && (!outbox_.empty() || over())) writer_->set(true);
}

void ChatConnection::begin_close(std::uint16_t code, std::string reason) {
  if (over()) return;
  close_code_ = code;
  close_reason_ = std::move(reason);
  // A writer that waits for a slow reader gets this long, too.
  close_alarm_ = loop_.at(loop_.clock().now() + settings_.close_timeout, [this] { socket_.drop(); });
  for (auto* waiter : std::exchange(room_waiters_, {})) waiter->set(true);
  if (writer_) writer_->set(true);
}

}  // namespace troupe::gateway
