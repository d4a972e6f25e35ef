#pragma once

#include "models/model.h"
#include "models/stream_budget.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::agents {

/// Reads one reply of a chain while the model writes it: counts it, and closes the stream once no more may be
/// written. Lives as long as its call. Loop thread only.
class ChainSink final : public models::TokenSink {
 public:
  /// Shown to who waits for the answer; not set: nobody is.
  std::function<void(std::string_view text)> show;
  /// What was shown so far is void; `attempt` counts from 1.
  std::function<void(int attempt)> reset;
  /// Told how many tokens the model has written in all. False: enough.
  std::function<bool(std::int64_t tokens)> room;
  /// Another entry of `models:` is to write what follows. False: it cannot be paid.
  std::function<bool(const std::string& entry)> serves;
  /// Called when there is no more room while the model reasons, where on_text cannot say so.
  std::function<void()> spent_on_reasoning;

  bool on_text(std::string_view text) override {
    if (show) {
      shown_ = shown_ || !text.empty();
      show(text);
    }
    return take(text);
  }
  void on_reasoning(std::string_view text) override {
    if (!cut_ && !take(text) && spent_on_reasoning) spent_on_reasoning();
  }
  void on_reset(int attempt) override {
    if (std::exchange(shown_, false) && reset) reset(attempt);
  }
  bool on_entry(const std::string& entry) override {
    if (serves && !serves(entry)) return false;
    entry_ = entry;
    return true;
  }
  /// What was shown of a reply that broke off is void.
  void take_back(int attempt) { on_reset(attempt); }

  bool cut() const { return cut_; }
  const std::string& entry() const { return entry_; }
  std::int64_t tokens() const { return written_.tokens(); }

 private:
  bool take(std::string_view text) {
    (void)written_.take(text);
    if (!room || room(written_.tokens())) return true;
    cut_ = true;
    return false;
  }

  models::StreamBudget written_{std::numeric_limits<std::int64_t>::max()};  // only counts: `room` decides
  bool shown_ = false;
  bool cut_ = false;
  std::string entry_;
};

}  // namespace troupe::agents
