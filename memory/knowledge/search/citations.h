#pragma once

#include "memory/knowledge/search/hit.h"
#include "memory/knowledge/search/text_reading.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// A source that an answer points to: the hit that was offered under `index`.
struct Citation {
  std::size_t index = 0;  ///< from 1, as the answer has it
  std::int64_t chunk = 0;
  std::int64_t document = 0;
  std::string source;
  std::string title;
  int page = 0;
  std::string heading;
  std::size_t begin = 0;  ///< of the quote when there is one, of the whole hit otherwise
  std::size_t end = 0;
  double score = 0;
  ScoreKind score_kind = ScoreKind::cosine;
  std::string quote;  ///< the sentence of the hit that shares most with the one that cites it; "": none does
};

struct Citations {
  std::vector<Citation> list;        ///< each index once, in the order of the answer
  std::vector<std::size_t> unknown;  ///< numbers under which nothing was offered, each once, ascending
};

/// A marker of an answer: the numbers in one pair of brackets, which are its bytes [begin, end).
struct CitationMarker {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<std::size_t> numbers;
  bool operator==(const CitationMarker&) const = default;
};

/// [1], [1, 3], [1; 3], [2-4], [^1], 【1】, 【1†source】 and full-width forms. Numbers have at most three
/// digits ([2024] is a year), a range at most 100 numbers. What stands in a code block or between backticks
/// is none. At most kCitations numbers; linear. Pure.
std::vector<CitationMarker> citation_markers(std::string_view answer);

/// What an answer cites of the hits that were offered to its writer as [1], [2] … in this order. Only hits
/// that exist are cited; the answer keeps its numbers, and what to say of unknown ones is up to the caller.
/// With a reading (both functions set) quotes are looked for. Pure.
Citations citations_of(std::string_view answer, std::span<const Hit> offered,
                       const TextReading& reading = {});

/// The element of the `citations` field of an event: index, title, url (where the source is one) or source,
/// chunk, document, page, heading, begin, end, score, score_kind, quote; what is empty is left out.
Json to_json(const Citation& citation);

}  // namespace troupe::memory
