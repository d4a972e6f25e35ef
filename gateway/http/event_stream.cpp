#include "gateway/http/event_stream.h"

#include "runtime/base/limits.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::gateway {

namespace {

constexpr std::string_view kSignOfLife = ": \n\n";

bool is_delta(const Frame& frame) {
  return frame.type.ends_with(".delta") || frame.type == "tool.progress";
}

}  // namespace

std::string server_sent(const Frame& frame) {
  std::string text;
  if (!frame.is_volatile()) text += fmt::format("id: {}\n", frame.seq);
  return text + fmt::format("event: {}\ndata: {}\n\n", frame.type, *frame.text);
}

EventStream::EventStream(Loop& loop, store::Journal& journal, const store::RunRow& run, std::int64_t after)
    : loop_(loop),
      journal_(journal),
      session_(run.session),
      runs_(run.id),
      after_(after),
      feed_([this](const Frame& frame) { pass(frame); }),
      ended_(run.finished() && after >= run.last_seq),
      subscription_(journal.subscribe(run.session, *this)) {
  feed_.replay_from(run.first_seq - 1);  // whose members' events there are is known from the first on
}

void EventStream::on_frame(const Frame& frame) {
  feed_.on_live(frame);
  wake();
}

void EventStream::pass(const Frame& frame) {
  if (ended_ || !runs_.takes(frame) || (!frame.is_volatile() && frame.seq <= after_)) return;
  if (is_delta(frame)) {
    if (pending_.size() > limits::kOutboxDeltaBytes) muted_[frame.run] = frame.step;
    if (const auto muted = muted_.find(frame.run); muted != muted_.end() && frame.step <= muted->second)
      return;
  }
  pending_ += server_sent(frame);
  overflowed_ = overflowed_ || pending_.size() > kPendingBytes;
  ended_ = frame.run == runs_.root() && frame.type == "run.finished";
}

Task<> EventStream::write_to(net::BodyWriter& body, Stop& drain) {
  auto hook = drain.on_request([this] { wake(); });
  while (!drain.requested() && !overflowed_) {
    if (!pending_.empty()) {
      if (!co_await body.write(std::exchange(pending_, {}))) co_return;
    } else if (ended_) {
      co_return;
    } else if (const auto page = feed_.wanted()) {
      if (!co_await read(*page, body)) co_return;
    } else {
      co_await wait();
    }
  }
  if (overflowed_) log::warn("a reader of events reads too slowly and was cut off", {{"run", runs_.root()}});
}

Task<bool> EventStream::read(SessionFeed::Page page, net::BodyWriter& body) {
  auto frames = co_await journal_.read_events(session_, page.after, page.limit);
  if (!frames) {
    log::error("a run's events cannot be read", {{"run", runs_.root()}, {"reason", frames.error().message}});
    co_return false;
  }
  std::size_t bytes = 0;
  bool whole = true;
  for (const Frame& frame : *frames) {
    bytes += frame.text->size();
    whole = feed_.on_replayed(page, frame);
    if (!whole) break;
    // A page is as large as its events are: what is read is written before more of it is held.
    if (pending_.size() > limits::kReplayBytes && !co_await body.write(std::exchange(pending_, {})))
      co_return false;
  }
  co_return feed_.on_page_end(page, frames->size(), bytes, whole);
}

// Somebody who has gone is only noticed by writing to them.
Task<> EventStream::wait() {
  OneShot<bool> something(loop_);
  auto alarm = loop_.at(loop_.clock().now() + kBeat, [&something] { something.set(false); });
  waiting_ = &something;
  const bool woken = co_await something.wait();
  waiting_ = nullptr;
  if (!woken && pending_.empty()) pending_ = kSignOfLife;
}

void EventStream::wake() {
  if (waiting_) waiting_->set(true);
}

}  // namespace troupe::gateway
