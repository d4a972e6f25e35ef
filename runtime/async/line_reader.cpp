#include "runtime/async/line_reader.h"

#include "runtime/async/mailbox.h"

#include <istream>
#include <mutex>
#include <thread>

namespace troupe {

namespace {
constexpr std::size_t kLinesAhead = 1'000;  // beyond, what is typed ahead is lost: nobody types that fast
}

struct LineReader::Shared : std::enable_shared_from_this<LineReader::Shared> {
  explicit Shared(Loop& l) : loop(l), lines(l, kLinesAhead) {}

  // False when nobody wants lines any more. `alive` keeps the loop from going away in between.
  bool hand_over(std::optional<std::string> line) {
    std::lock_guard lock(alive);
    if (closed) return false;
    loop.post([self = shared_from_this(), line = std::move(line)]() mutable {
      if (line)
        (void)self->lines.put(std::move(*line));
      else
        self->lines.close();
    });
    return true;
  }

  Loop& loop;
  Mailbox<std::string> lines;  // loop thread
  std::mutex alive;            // guards closed
  bool closed = false;
};

LineReader::LineReader(Loop& loop, std::istream& input) : shared_(std::make_shared<Shared>(loop)) {
  std::thread([shared = shared_, &input] {
    std::string line;
    while (std::getline(input, line))
      if (!shared->hand_over(line)) return;
    shared->hand_over(std::nullopt);
  }).detach();
}

LineReader::~LineReader() {
  std::lock_guard lock(shared_->alive);
  shared_->closed = true;
}

Task<std::optional<std::string>> LineReader::next(Stop& stop) {
  return shared_->lines.take(stop);
}

}  // namespace troupe
