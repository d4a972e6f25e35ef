#include "gateway/protocol/session_feed.h"

#include "runtime/base/limits.h"

#include <algorithm>

namespace troupe::gateway {

namespace {

constexpr int kFruitless = 3;

bool begins_run(const Frame& frame) {
  return frame.type == "run.queued" || frame.type == "run.started";
}

}  // namespace

void SessionFeed::enter(State state) {
  state_ = state;
  ++epoch_;
  fruitless_ = 0;
}

void SessionFeed::live_from(std::int64_t last_seq) {
  if (state_ != State::opening) return;  // opened again: it goes on where it is
  sent_ = last_seq;
  enter(State::live);
  release();
}

void SessionFeed::replay_from(std::int64_t after) {
  sent_ = after;
  enter(State::catching_up);
}

void SessionFeed::expect_run() {
  expecting_ = true;
}

void SessionFeed::run_announced() {
  expecting_ = false;
  blocked_ = false;
  release();
}

void SessionFeed::show_again(std::string run, std::int64_t first_seq) {
  again_.push_back({agents::RunTree(std::move(run)), std::max<std::int64_t>(first_seq - 1, 0), false});
}

void SessionFeed::on_live(const Frame& frame) {
  if (frame.is_volatile()) {
    // While catching up a delta belongs to a step whose beginning the client has not seen: its event follows.
    if (flowing())
      send_(frame);
    else if (state_ == State::live && lost_upto_ <= sent_)
      hold(frame);
    return;
  }
  if (frame.seq <= sent_) return;
  if (!flowing() || blocks(frame)) return hold(frame);
  pass(frame);
}

void SessionFeed::pass(const Frame& frame) {
  if (frame.seq == sent_ + 1) {
    sent_ = frame.seq;
    send_(frame);
    return;
  }
  lost_upto_ = frame.seq;
  enter(State::catching_up);
}

bool SessionFeed::blocks(const Frame& frame) {
  if (expecting_ && begins_run(frame)) blocked_ = true;
  return blocked_;
}

void SessionFeed::hold(const Frame& frame) {
  const bool full = held_bytes_ + frame.text->size() > limits::kHeldBytes;
  if (!full && lost_upto_ <= sent_) {
    held_bytes_ += frame.text->size();
    held_.push_back(frame);
    return;
  }
  if (frame.is_volatile()) return;
  lost_upto_ = frame.seq;  // the last one; all before it are committed as well
  held_.clear();
  held_bytes_ = 0;
}

void SessionFeed::release() {
  while (flowing() && !held_.empty()) {
    const Frame frame = std::move(held_.front());
    held_.pop_front();
    held_bytes_ -= frame.text->size();
    if (frame.is_volatile()) {
      send_(frame);
    } else if (frame.seq > sent_) {
      if (blocks(frame)) {
        held_bytes_ += frame.text->size();
        held_.push_front(frame);
      } else {
        pass(frame);
      }
    }
  }
  if (state_ == State::live && lost_upto_ > sent_) enter(State::catching_up);
}

std::optional<SessionFeed::Page> SessionFeed::wanted() const {
  if (blocked_) return std::nullopt;
  if (state_ == State::catching_up) return Page{sent_, page_limit_, epoch_};
  if (state_ == State::live && !again_.empty()) return Page{again_.front().cursor, page_limit_, epoch_};
  return std::nullopt;
}

bool SessionFeed::on_replayed(Page page, const Frame& frame) {
  if (page.epoch != epoch_) return false;
  if (state_ == State::catching_up) {
    if (frame.seq != sent_ + 1 || blocks(frame)) return false;
    sent_ = frame.seq;
    send_(frame);
    return true;
  }
  // A run is shown again. Live events are held meanwhile, so sent_ stands still.
  Again& again = again_.front();
  again.cursor = frame.seq;
  if (frame.seq > sent_) {
    again.done = true;
  } else if (again.runs.takes(frame)) {
    send_(frame);
    again.done = frame.run == again.runs.root() && frame.type == "run.finished";
  }
  return !again.done;
}

bool SessionFeed::on_page_end(Page page, std::size_t count, std::size_t bytes, bool whole) {
  if (count > 0 && bytes > 0)
    page_limit_ = std::clamp<std::size_t>(limits::kReplayBytes * count / bytes, 1, limits::kReplayPage);
  if (page.epoch != epoch_) return true;
  const bool last = whole && count < page.limit;
  if (state_ == State::catching_up) return end_of_catch_up(page, last);
  const Again& again = again_.front();
  if (again.done || last || again.cursor >= sent_) again_.pop_front();
  release();
  return true;
}

bool SessionFeed::end_of_catch_up(Page page, bool last) {
  if (last && sent_ >= lost_upto_) {
    enter(State::live);
    release();
    return true;
  }
  // What was let go is committed, so the next page brings it, unless it was let go while this one was read.
  fruitless_ = sent_ > page.after || blocked_ ? 0 : fruitless_ + 1;
  return fruitless_ < kFruitless;
}

}  // namespace troupe::gateway
