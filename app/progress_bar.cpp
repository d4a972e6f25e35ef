#include "app/progress_bar.h"

#include "app/talk/printer.h"

#include <algorithm>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace troupe::app {

namespace {

constexpr std::size_t kBar = 20;

std::size_t columns() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20;
  return known ? size.ws_col - 1u : 79u;
}

}  // namespace

ProgressBar::ProgressBar(const Clock& clock) : clock_(clock), shown_(isatty(STDERR_FILENO)) {}

void ProgressBar::show(bool last, const std::function<std::string(std::size_t columns)>& line) {
  if (!shown_ || (!last && clock_.now() < next_)) return;
  next_ = clock_.now() + kRedraw;
  fmt::print(stderr, "\r\x1b[K{}", printable(line(columns())));
  drawn_ = true;
}

void ProgressBar::clear() {
  if (std::exchange(drawn_, false)) fmt::print(stderr, "\r\x1b[K");
}

std::string bar_text(std::size_t done, std::size_t total) {
  const std::size_t filled = total == 0 ? 0 : std::min(done * kBar / total, kBar);
  return fmt::format("[{}{}]", std::string(filled, '#'), std::string(kBar - filled, '.'));
}

}  // namespace troupe::app
