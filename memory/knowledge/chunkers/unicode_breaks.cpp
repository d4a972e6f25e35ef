#include "memory/knowledge/chunkers/unicode_breaks.h"

#include "memory/knowledge/chunkers/icu_iterators.h"
#include "memory/knowledge/chunkers/sentence_ends.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace troupe::memory::chunkers {

namespace {

// Words are broken where both of ICU's iterators have a break: the word's knows the words of Chinese,
// Japanese and Thai and keeps those of Korean, the line's keeps a comma with its word and a bracket with what
// it holds.
void find_words(std::string_view slice, std::vector<std::size_t>& ends) {
  std::vector<std::size_t> words, lines;
  find_icu_breaks(IcuBreak::word, slice, words);
  find_icu_breaks(IcuBreak::line, slice, lines);
  std::ranges::set_intersection(words, lines, std::back_inserter(ends));
}

void find(Break kind, std::string_view slice, std::vector<std::size_t>& ends) {
  if (kind == Break::sentence)
    find_sentence_ends(slice, ends);
  else if (kind == Break::word)
    find_words(slice, ends);
  else
    find_icu_breaks(IcuBreak::character, slice, ends);
}

class SlicedBreaks final : public Breaks {
 public:
  SlicedBreaks(Break kind, std::string_view text, Span part) : kind_(kind), text_(text.substr(0, part.end)) {}

  std::size_t after(std::size_t at) override {
    if (kind_ == Break::character && is_plain(at)) return at + 1;
    while (next_ < ends_.size() && ends_[next_] <= at) ++next_;
    if (next_ == ends_.size()) read(at);
    return ends_[next_];
  }

 private:
  // Two ASCII characters in a row are two characters, but for a line end of two.
  bool is_plain(std::size_t at) const {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text_[i]); };
    return byte(at) < 0x80 && byte(at) != '\r' && (at + 1 == text_.size() || byte(at + 1) < 0x80);
  }

  // The last break of a slice is only where the slice ends, so it is left to the next one.
  void read(std::size_t begin) {
    next_ = 0;
    for (std::size_t bytes = kind_ == Break::character ? kShortSlice : kSlice;; bytes *= 2) {
      const std::size_t end = character_floor(text_, begin + bytes);
      ends_.clear();
      find(kind_, Span{begin, end}.of(text_), ends_);
      if (end < text_.size() && ends_.size() < 2) continue;
      if (end < text_.size()) ends_.pop_back();
      break;
    }
    for (std::size_t& end : ends_) end += begin;
  }

  static constexpr std::size_t kSlice = 64u << 10;
  static constexpr std::size_t kShortSlice = 4u << 10;  // of characters, many of which are known without ICU

  Break kind_;
  std::string_view text_;
  std::vector<std::size_t> ends_;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Breaks> unicode_breaks(Break kind, std::string_view text, Span part) {
  return std::make_unique<SlicedBreaks>(kind, text, part);
}

}  // namespace troupe::memory::chunkers
