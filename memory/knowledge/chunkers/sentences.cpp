#include "memory/knowledge/chunkers/sentences.h"

#include "memory/knowledge/chunkers/unicode_breaks.h"

namespace troupe::memory {

std::vector<std::pair<std::size_t, std::size_t>> sentences(std::string_view utf8) {
  std::vector<std::pair<std::size_t, std::size_t>> found;
  const auto breaks = chunkers::unicode_breaks(chunkers::Break::sentence, utf8, {0, utf8.size()});
  for (std::size_t at = 0; at < utf8.size();) {
    const std::size_t end = breaks->after(at);
    const chunkers::Span sentence = chunkers::trimmed(utf8, {at, end});
    if (sentence.size() > 0) found.emplace_back(sentence.begin, sentence.end);
    at = end;
  }
  return found;
}

}  // namespace troupe::memory
