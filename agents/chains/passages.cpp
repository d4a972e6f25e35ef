#include "agents/chains/passages.h"

#include "agents/runs/fact_fields.h"
#include "agents/strategies/untrusted.h"
#include "memory/knowledge/source_name.h"

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using memory::Hit;
using memory::ScoreKind;

constexpr ScoreKind kScoreKinds[] = {ScoreKind::cosine,   ScoreKind::bm25, ScoreKind::rrf,
                                     ScoreKind::weighted, ScoreKind::mmr,  ScoreKind::rerank};

void put(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

std::size_t size_or(const Json& value, std::string_view key) {
  return static_cast<std::size_t>(std::max<std::int64_t>(0, number_or(value, key)));
}

std::string heading_of(std::size_t index, const Hit& hit) {
  std::string where = hit.source == hit.title ? "" : memory::shown_name(hit.source);
  if (hit.page > 0) where += fmt::format("{}page {}", where.empty() ? "" : ", ", hit.page);
  std::string line = fmt::format("[{}]{}{}", index, hit.title.empty() ? "" : " ", hit.title);
  if (!where.empty()) line += fmt::format(" ({})", where);
  for (char& c : line)
    if (c == '\n' || c == '\r') c = ' ';
  return line;
}

Hit hit_from(const Json& fact) {
  Hit hit{.chunk = number_or(fact, "chunk"),
          .document = number_or(fact, "document"),
          .ordinal = size_or(fact, "ordinal"),
          .source = string_or(fact, "source"),
          .title = string_or(fact, "title"),
          .page = static_cast<int>(number_or(fact, "page")),
          .heading = string_or(fact, "heading"),
          .begin = size_or(fact, "begin"),
          .end = size_or(fact, "end"),
          .text = string_or(fact, "text")};
  if (const Json* score = find(fact, "score"); score && score->is_number()) hit.score = score->get<double>();
  for (ScoreKind kind : kScoreKinds)
    if (string_or(fact, "score_kind") == memory::word(kind)) hit.score_kind = kind;
  if (const Json* pieces = find(fact, "pieces"); pieces && pieces->is_array())
    for (const Json& piece : *pieces)
      hit.pieces.push_back({size_or(piece, "begin"), size_or(piece, "end"), size_or(piece, "at")});
  return hit;
}

}  // namespace

Json passages_json(std::span<const Hit> hits, std::span<const TextPart> parts) {
  Json passages = Json::array();
  for (const TextPart& part : parts) {
    const Hit& hit = hits[part.text];
    Json one = {{"index", part.text + 1}};
    put(one, "title", hit.title);
    if (hit.source != hit.title) put(one, "source", hit.source);
    if (hit.page > 0) one["page"] = hit.page;
    put(one, "heading", hit.heading);
    one["text"] = hit.text.substr(part.begin, part.end - part.begin);
    passages.push_back(std::move(one));
  }
  return passages;
}

std::string passages_text(std::span<const Hit> hits) {
  std::string text;
  for (std::size_t i = 0; i < hits.size(); ++i)
    text += fmt::format("{}{}\n{}", i == 0 ? "" : "\n\n", untrusted_lines(heading_of(i + 1, hits[i])),
                        untrusted_lines(hits[i].text));
  return text;
}

Json hits_to_fact(std::span<const Hit> hits) {
  Json list = Json::array();
  for (const Hit& hit : hits) {
    Json one = {{"chunk", hit.chunk},     {"document", hit.document}, {"ordinal", hit.ordinal},
                {"source", hit.source},   {"title", hit.title},       {"page", hit.page},
                {"heading", hit.heading}, {"begin", hit.begin},       {"end", hit.end},
                {"text", hit.text},       {"score", hit.score},       {"score_kind", word(hit.score_kind)}};
    for (const memory::Piece& piece : hit.pieces)
      one["pieces"].push_back({{"begin", piece.begin}, {"end", piece.end}, {"at", piece.at}});
    list.push_back(std::move(one));
  }
  return list;
}

std::vector<Hit> hits_from_fact(const Json& fact) {
  std::vector<Hit> hits;
  if (fact.is_array())
    for (const Json& one : fact) hits.push_back(hit_from(one));
  return hits;
}

}  // namespace troupe::agents
