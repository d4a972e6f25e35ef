#include "agents/chains/packing.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

// The border of a character at `at` or before it.
std::size_t border(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return at;
}

class Packing {
 public:
  Packing(std::span<const std::string_view> texts, std::int64_t room, std::size_t most,
          const MeasureRequest& measure)
      : texts_(texts), room_(room), most_(most), measure_(measure), around_(measure({})) {}

  Result<std::vector<TextBatch>> pack() {
    for (std::size_t i = 0; i < texts_.size(); ++i)
      if (auto done = put(i); !done) return fail(std::move(done.error()));
    close();
    return std::move(batches_);
  }

 private:
  Result<> put(std::size_t text) {
    const TextPart whole{text, 0, texts_[text].size()};
    const std::int64_t size = measure_(std::span(&whole, 1)) - around_;
    if (around_ + size > room_) return divide(text);
    const bool full = most_ > 0 && batch_.size() >= most_;
    if (full || around_ + sum_ + size > room_) close();
    batch_.push_back(whole);
    sum_ += size;
    return {};
  }

  // A long text has requests of its own; what is left at its end is joined by others.
  Result<> divide(std::size_t text) {
    std::size_t begin = 0;
    do {
      close();
      const std::size_t bytes = fitting_bytes(text, texts_[text], begin, room_, measure_);
      if (bytes == 0)
        return fail(ErrorCode::invalid,
                    fmt::format("the model has room for {} tokens, and the instructions and the question "
                                "alone have {}; take a model with a larger `context`",
                                room_, around_));
      batch_.push_back({text, begin, begin + bytes});
      begin += bytes;
      sum_ = measure_(batch_) - around_;
    } while (begin < texts_[text].size());
    return {};
  }

  // Sizes of parts are about what they add up to; the request itself decides.
  void close() {
    if (batch_.empty()) return;
    TextBatch late;
    while (batch_.size() > 1 && measure_(batch_) > room_) {
      late.insert(late.begin(), batch_.back());
      batch_.pop_back();
    }
    batches_.push_back(std::move(batch_));
    batch_ = std::move(late);
    sum_ = 0;
    if (!batch_.empty()) close();
  }

  const std::span<const std::string_view> texts_;
  const std::int64_t room_;
  const std::size_t most_;
  const MeasureRequest& measure_;
  const std::int64_t around_;
  std::vector<TextBatch> batches_;
  TextBatch batch_;
  std::int64_t sum_ = 0;  // tokens of its parts
};

}  // namespace

Result<std::vector<TextBatch>> pack_texts(std::span<const std::string_view> texts, std::int64_t room,
                                          std::size_t most, const MeasureRequest& measure) {
  return Packing(texts, room, most, measure).pack();
}

std::size_t fitting_bytes(std::size_t text, std::string_view whole, std::size_t begin, std::int64_t room,
                          const MeasureRequest& measure) {
  auto fits = [&](std::size_t end) {
    const TextPart part{text, begin, end};
    return measure(std::span(&part, 1)) <= room;
  };
  if (fits(whole.size())) return whole.size() - begin;
  std::size_t low = begin, high = whole.size();  // low fits or is nothing, high does not
  while (high - low > 1) {
    const std::size_t middle = border(whole, low + (high - low) / 2);
    if (middle <= low) {  // inside of the one character that is left
      std::size_t next = low + 1;
      while (next < high && border(whole, next) != next) ++next;
      if (next >= high || !fits(next)) break;
      low = next;
    } else if (fits(middle)) {
      low = middle;
    } else {
      high = middle;
    }
  }
  const std::size_t blank = whole.substr(0, low).find_last_of(" \n");
  if (blank != whole.npos && blank > begin + (low - begin) / 2) low = blank + 1;
  return low - begin;
}

}  // namespace troupe::agents
