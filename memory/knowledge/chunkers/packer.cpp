#include "memory/knowledge/chunkers/packer.h"

#include <algorithm>

namespace troupe::memory::chunkers {

namespace {

/// The first number from `from` on that `fits`, where `last` does without a question. The steps double, then
/// halve: what fits is mostly near.
template <class Fits>
std::size_t first_fitting(std::size_t from, std::size_t last, Fits fits) {
  if (from >= last || fits(from)) return std::min(from, last);
  std::size_t failed = from, fitting = last;
  for (std::size_t step = 1; failed + step < last; step *= 2) {
    if (fits(failed + step)) {
      fitting = failed + step;
      break;
    }
    failed += step;
  }
  while (fitting - failed > 1) {
    const std::size_t middle = failed + (fitting - failed) / 2;
    (fits(middle) ? fitting : failed) = middle;
  }
  return fitting;
}

}  // namespace

std::size_t Packer::reach() {
  const std::size_t begin = pieces_.front().begin;
  if (pieces_.back().end - begin <= measure_.size) return pieces_.back().end;
  if (reach_ == 0) reach_ = begin + measure_.ruler.head(text_.substr(begin), measure_.size);
  return reach_;
}

void Packer::add(Span piece) {
  pieces_.push_back(piece);
  while (pieces_.size() > new_ + 1 && pieces_.back().end > reach()) emit();
}

void Packer::finish() {
  while (!pieces_.empty()) emit();
}

void Packer::emit() {
  const std::size_t begin = pieces_.front().begin;
  const auto beyond = std::ranges::upper_bound(pieces_, reach(), {}, &Span::end);
  const auto within = static_cast<std::size_t>(beyond - pieces_.begin());
  // Up to the first new piece it is known to fit, whatever a ruler that is only near says of its reach.
  const std::size_t furthest = std::max(within > 0 ? within - 1 : 0, new_);
  const std::size_t fewer = first_fitting(0, furthest - new_, [&](std::size_t left_out) {
    return fits(begin, pieces_[furthest - left_out].end, measure_.size);
  });
  const std::size_t last = furthest - fewer;
  chunks_.push_back({begin, pieces_[last].end});
  const std::size_t next = last + 1 == pieces_.size() ? last + 1 : overlap_begin(last);
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(next));
  new_ = last + 1 - next;
  reach_ = 0;
}

std::size_t Packer::overlap_begin(std::size_t last) {
  if (measure_.overlap == 0) return last + 1;
  const std::size_t end = pieces_[last].end;
  const std::string_view chunk = Span{pieces_.front().begin, end}.of(text_);
  const std::size_t from = end - measure_.ruler.tail(chunk, measure_.overlap);
  const auto first = std::ranges::lower_bound(pieces_, from, {}, &Span::begin);
  const auto index = std::max<std::size_t>(1, static_cast<std::size_t>(first - pieces_.begin()));
  return first_fitting(index, last + 1, [&](std::size_t i) {
    return fits(pieces_[i].begin, end, measure_.overlap) &&
           fits(pieces_[i].begin, pieces_[last + 1].end, measure_.size);
  });
}

}  // namespace troupe::memory::chunkers
