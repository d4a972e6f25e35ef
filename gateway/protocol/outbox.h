#pragma once

#include "runtime/base/event.h"

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::gateway {

struct OutboxLimits {
  std::size_t bytes = 0;        ///< past it the reader is too slow
  std::size_t delta_bytes = 0;  ///< past it deltas are given up, so that what counts still fits
};

/// What one client has yet to be sent. Texts are shared with every other client that gets them. A client that
/// reads slowly first gets deltas joined (those of the same type, run and step that wait behind each other),
/// then none, then is told to come back; it never loses anything else while it is below the bound. Pure; loop
/// thread.
class Outbox {
 public:
  explicit Outbox(OutboxLimits limits) : limits_(limits) {}

  /// An event. False: past the bound, and the connection must be closed.
  [[nodiscard]] bool put(const Frame& frame);
  /// A frame of this connection's own (ack, error, pong, session.opened).
  [[nodiscard]] bool put(std::string text);

  /// The next frames to send: at least one when there is any, further ones up to `bytes`.
  std::vector<std::shared_ptr<const std::string>> take(std::size_t bytes);

  bool empty() const { return items_.empty(); }
  std::size_t bytes() const { return bytes_; }
  void clear();

 private:
  struct Item {
    std::shared_ptr<const std::string> shared;
    std::string own;  // joined deltas; then `shared` is null
    std::string_view type;
    std::string run;
    int step = 0;
    bool expendable = false;
    std::size_t size() const { return shared ? shared->size() : own.size(); }
  };
  /// Deltas of a step of which one was given up: the rest would be text with a hole in it.
  struct Muted {
    int step = 0;
    std::string_view type;
  };

  bool push(Item item);
  bool join(const Frame& delta);
  void give_up_deltas();
  void forget_step(const std::string& run, int step);
  bool muted(const Frame& delta) const;
  void mute(const std::string& run, int step, std::string_view type);
  void unmute(const Frame& frame);

  const OutboxLimits limits_;
  std::deque<Item> items_;
  std::size_t bytes_ = 0;
  std::map<std::string, Muted, std::less<>> muted_;  // by run
};

/// Appends the text of one delta frame to another's: both are JSON objects whose last member is `text`.
/// False, and nothing changes, when one is not of that shape.
bool join_texts(std::string& first, std::string_view second);

}  // namespace troupe::gateway
