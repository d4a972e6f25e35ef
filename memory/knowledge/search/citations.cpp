#include "memory/knowledge/search/citations.h"

#include "memory/knowledge/search/extract.h"
#include "memory/knowledge/source_name.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

namespace troupe::memory {

namespace {

Citation citation_of(const Hit& hit, std::size_t index) {
  Citation citation;
  citation.index = index;
  citation.chunk = hit.chunk;
  citation.document = hit.document;
  citation.source = hit.source;
  citation.title = hit.title;
  citation.page = hit.page;
  citation.heading = hit.heading;
  citation.begin = hit.begin;
  citation.end = hit.end;
  citation.score = hit.score;
  citation.score_kind = hit.score_kind;
  return citation;
}

/// The text of an answer that one marker speaks for: the sentence it stands in or right behind.
class Claims {
 public:
  Claims(std::string_view answer, const TextReading& reading)
      : answer_(answer), sentences_(reading.sentences(answer)) {}

  std::string_view before(const CitationMarker& marker) const {
    std::string_view claim;
    for (auto [begin, end] : sentences_) {
      if (begin >= marker.begin) break;
      claim = answer_.substr(begin, std::min(end, marker.begin) - begin);
    }
    return claim;
  }

 private:
  std::string_view answer_;
  std::vector<std::pair<std::size_t, std::size_t>> sentences_;
};

void find_quote(Citation& citation, const Hit& hit, std::string_view claim, const TextReading& reading) {
  const std::string_view passages[] = {hit.text};
  const Extraction extraction(claim, passages, reading);
  const std::vector<std::size_t> best = extraction.best(1).front();
  if (extraction.score(best.front()) <= 0) return;
  Hit quoted = hit;
  keep_sentences(quoted, extraction, best);
  citation.quote = std::move(quoted.text);
  citation.begin = quoted.begin;
  citation.end = quoted.end;
}

}  // namespace

Citations citations_of(std::string_view answer, std::span<const Hit> offered, const TextReading& reading) {
  Citations citations;
  std::set<std::size_t> cited, unknown;
  std::optional<Claims> claims;
  if (reading.sentences && reading.terms) claims.emplace(answer, reading);
  for (const CitationMarker& marker : citation_markers(answer))
    for (std::size_t number : marker.numbers) {
      if (number == 0 || number > offered.size()) {
        unknown.insert(number);
        continue;
      }
      if (!cited.insert(number).second) continue;
      const Hit& hit = offered[number - 1];
      citations.list.push_back(citation_of(hit, number));
      if (claims) find_quote(citations.list.back(), hit, claims->before(marker), reading);
    }
  citations.unknown.assign(unknown.begin(), unknown.end());
  return citations;
}

Json to_json(const Citation& citation) {
  Json json = {{"index", citation.index}};
  if (!citation.title.empty()) json["title"] = citation.title;
  const bool url = is_url(citation.source);
  if (!citation.source.empty()) json[url ? "url" : "source"] = shown_address(citation.source);
  json["chunk"] = citation.chunk;
  json["document"] = citation.document;
  if (citation.page > 0) json["page"] = citation.page;
  if (!citation.heading.empty()) json["heading"] = citation.heading;
  json["begin"] = citation.begin;
  json["end"] = citation.end;
  json["score"] = std::round(citation.score * 1e6) / 1e6;
  json["score_kind"] = word(citation.score_kind);
  if (!citation.quote.empty()) json["quote"] = citation.quote;
  return json;
}

}  // namespace troupe::memory
