#include "memory/knowledge/chunkers/icu_iterators.h"

#include <array>
#include <memory>
#include <stdexcept>
#include <unicode/brkiter.h>
#include <unicode/utext.h>

#include <fmt/format.h>

namespace troupe::memory::chunkers {

namespace {

void check(UErrorCode status, const char* what) {
  if (U_FAILURE(status))
    throw std::runtime_error(
        fmt::format("{}: ICU says {}; is its data library installed?", what, u_errorName(status)));
}

std::unique_ptr<icu::BreakIterator> make_iterator(IcuBreak kind) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Locale& root = icu::Locale::getRoot();
  std::unique_ptr<icu::BreakIterator> made;
  if (kind == IcuBreak::sentence)
    made.reset(icu::BreakIterator::createSentenceInstance(root, status));
  else if (kind == IcuBreak::word)
    made.reset(icu::BreakIterator::createWordInstance(root, status));
  else if (kind == IcuBreak::line)
    made.reset(icu::BreakIterator::createLineInstance(root, status));
  else
    made.reset(icu::BreakIterator::createCharacterInstance(root, status));
  check(status, "breaks of a text");
  return made;
}

icu::BreakIterator& iterator_of(IcuBreak kind) {
  thread_local std::array<std::unique_ptr<icu::BreakIterator>, 4> kept;
  auto& one = kept[static_cast<std::size_t>(kind)];
  if (!one) one = make_iterator(kind);
  return *one;
}

/// UTF-8 as ICU reads it, without a copy.
class Utf8Text {
 public:
  explicit Utf8Text(std::string_view text) {
    UErrorCode status = U_ZERO_ERROR;
    utext_openUTF8(&text_, text.data(), static_cast<std::int64_t>(text.size()), &status);
    check(status, "a text");
  }
  ~Utf8Text() { utext_close(&text_); }
  Utf8Text(const Utf8Text&) = delete;
  Utf8Text& operator=(const Utf8Text&) = delete;
  UText* get() { return &text_; }

 private:
  UText text_ = UTEXT_INITIALIZER;
};

}  // namespace

void find_icu_breaks(IcuBreak kind, std::string_view slice, std::vector<std::size_t>& ends) {
  if (slice.empty()) return;
  icu::BreakIterator& iterator = iterator_of(kind);
  Utf8Text text(slice);
  UErrorCode status = U_ZERO_ERROR;
  iterator.setText(text.get(), status);
  check(status, "a text");
  iterator.first();
  for (auto at = iterator.next(); at != icu::BreakIterator::DONE; at = iterator.next())
    ends.push_back(static_cast<std::size_t>(at));
}

}  // namespace troupe::memory::chunkers
