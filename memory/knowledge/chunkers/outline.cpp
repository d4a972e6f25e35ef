#include "memory/knowledge/chunkers/outline.h"

#include "models/builtin/utf8.h"

#include <algorithm>

namespace troupe::memory::chunkers {

namespace {

/// Between the heading `at` and the next one there is nothing.
bool leads_to_next(std::string_view text, std::span<const Document::Heading> headings, std::size_t at) {
  if (at + 1 >= headings.size()) return false;
  const std::size_t next = std::min(headings[at + 1].begin, text.size());
  std::size_t line = std::min(text.find('\n', headings[at].begin), next);
  const std::size_t below = std::min(text.find('\n', line + 1), next);
  const std::string_view under = Span{std::min(line + 1, below), below}.of(text);
  const bool underlined = !under.empty() && (under.find_first_not_of('=') == under.npos ||
                                             under.find_first_not_of('-') == under.npos);
  if (underlined) line = below;
  return skip_blanks(text, {line, next}) == next;
}

}  // namespace

std::vector<std::size_t> sections(std::string_view text, std::span<const Document::Heading> headings) {
  std::vector<std::size_t> begins;
  for (std::size_t i = 0; i < headings.size(); ++i)
    if (i == 0 || !leads_to_next(text, headings, i - 1)) begins.push_back(headings[i].begin);
  return begins;
}

const std::string& Outline::path(Span chunk) {
  const std::size_t before = next_;
  while (next_ < headings_.size()) {
    const bool over = headings_[next_].begin <= chunk.begin;
    const bool inside = next_ > 0 && headings_[next_].begin < chunk.end;
    if (!over && !(inside && leads_to_next(text_, headings_, next_ - 1))) break;
    const Document::Heading& heading = headings_[next_++];
    while (!over_.empty() && over_.back()->level >= heading.level) over_.pop_back();
    over_.push_back(&heading);
  }
  if (next_ == before) return path_;
  path_.clear();
  const std::size_t left_out = over_.size() > kHeadingsDeep ? over_.size() - kHeadingsDeep : 0;
  for (std::size_t i = left_out; i < over_.size(); ++i) {
    const std::string_view said = over_[i]->text;
    if (said.empty()) continue;
    if (!path_.empty()) path_ += " > ";
    path_ += models::builtin::clip(said, kHeadingBytes);
  }
  return path_;
}

}  // namespace troupe::memory::chunkers
