#pragma once

#include "agents/runs/run_tree.h"
#include "runtime/base/event.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe::gateway {

/// Decides which events of one session go to one connection, and when: every journaled one exactly once and
/// in order, whatever comes from the journal's pages and whatever comes live. It is subscribed before
/// anything is read, so that what is committed is either in a page or live, or both; seq tells.
///
///   opening ──live_from──► live ◄──caught up── catching up ◄──replay_from── opening
///                            └── a live seq is missing ──►┘
///
/// Three things hold live events back: catching up; a message on its way to becoming a run, whose ack must
/// come before the run's first event; a run that is shown again for a duplicate message. What is held is
/// bounded: past the bound it is let go and read from the journal afterwards. Pure; loop thread. `send` must
/// not call back.
class SessionFeed {
 public:
  using Send = std::function<void(const Frame&)>;
  explicit SessionFeed(Send send) : send_(std::move(send)) {}

  /// The session was opened without `after`: from the event after `last_seq` on.
  void live_from(std::int64_t last_seq);
  /// Opened with `after`: everything after it, then live. Also of a session that is open already.
  void replay_from(std::int64_t after);

  /// A message was handed over; from here until run_announced() no run begins.
  void expect_run();
  /// Its ack or error was sent.
  void run_announced();
  /// Shows a run again, with those of its team's members, from its first event to the last event that was
  /// already sent.
  void show_again(std::string run, std::int64_t first_seq);

  /// From the journal's subscription.
  void on_live(const Frame& frame);

  /// What should be read from the journal now; nothing when the feed is live or must wait for an ack.
  struct Page {
    std::int64_t after = 0;
    std::size_t limit = 0;
    unsigned epoch = 0;  ///< what the page was wanted for; it is void when that has changed
  };
  std::optional<Page> wanted() const;
  /// The events of the wanted page, one by one. False: the rest of the page is void.
  bool on_replayed(Page page, const Frame& frame);
  /// After the last one: `count` events of `bytes` had been read; `whole` when none of them was void. False:
  /// the journal does not have what it must have; nothing sensible can follow on this connection.
  [[nodiscard]] bool on_page_end(Page page, std::size_t count, std::size_t bytes, bool whole);

  std::int64_t sent() const { return sent_; }

 private:
  enum class State { opening, catching_up, live };
  struct Again {
    agents::RunTree runs;
    std::int64_t cursor = 0;
    bool done = false;
  };

  bool flowing() const { return state_ == State::live && !blocked_ && again_.empty(); }
  /// True when this event must wait for an ack.
  bool blocks(const Frame& frame);
  void hold(const Frame& frame);
  void release();
  void pass(const Frame& frame);
  void enter(State state);
  bool end_of_catch_up(Page page, bool last);

  Send send_;
  State state_ = State::opening;
  unsigned epoch_ = 0;      // of state_ and of where a replay began
  std::int64_t sent_ = 0;   // every journaled event up to here was sent, or is not wanted
  bool expecting_ = false;  // between expect_run and run_announced
  bool blocked_ = false;    // and a run has begun meanwhile
  std::deque<Again> again_;
  std::deque<Frame> held_;
  std::size_t held_bytes_ = 0;
  std::int64_t lost_upto_ = 0;   // live events up to here were let go and must be read
  int fruitless_ = 0;            // pages in a row that brought nothing although something was due
  std::size_t page_limit_ = 32;  // grows to what makes a page of about kReplayBytes
};

}  // namespace troupe::gateway
