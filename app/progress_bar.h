#pragma once

#include "runtime/base/clock.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace troupe::app {

/// How much of something is done, on a line of standard error that is written over: on a terminal, and
/// nowhere else. It is gone when the bar is. Loop thread only.
class ProgressBar {
 public:
  static constexpr std::chrono::milliseconds kRedraw{80};

  explicit ProgressBar(const Clock& clock);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `line` makes the text for so many columns. It is called when the line is drawn: at the end (`last`), and
  /// else when kRedraw has passed since.
  void show(bool last, const std::function<std::string(std::size_t columns)>& line);
  /// Takes the line away, before something else is written.
  void clear();

 private:
  const Clock& clock_;
  const bool shown_;
  bool drawn_ = false;
  Instant next_{};
};

/// "[#####...............]". Nothing to do: empty.
std::string bar_text(std::size_t done, std::size_t total);

}  // namespace troupe::app
