#include "memory/knowledge/search/hit.h"

#include <cmath>
#include <utility>

namespace troupe::memory {

namespace {

double rounded(double score) {
  return std::round(score * 1e6) / 1e6;
}

}  // namespace

std::string_view word(ScoreKind kind) {
  switch (kind) {
    case ScoreKind::cosine:
      return "cosine";
    case ScoreKind::bm25:
      return "bm25";
    case ScoreKind::rrf:
      return "rrf";
    case ScoreKind::weighted:
      return "weighted";
    case ScoreKind::mmr:
      return "mmr";
    case ScoreKind::rerank:
      return "rerank";
  }
  return "";
}

Hit hit_of(StoredChunk chunk) {
  Hit hit;
  hit.chunk = chunk.id;
  hit.document = chunk.document;
  hit.ordinal = chunk.ordinal;
  hit.source = std::move(chunk.source);
  hit.title = std::move(chunk.title);
  hit.page = chunk.page;
  hit.heading = std::move(chunk.heading);
  hit.begin = chunk.begin;
  hit.end = chunk.end;
  hit.text = std::move(chunk.text);
  hit.metadata = std::move(chunk.metadata);
  hit.pieces = {{hit.begin, hit.end, 0}};
  return hit;
}

Json filter_fields(const StoredChunk& chunk) {
  Json fields = chunk.metadata.is_object() ? chunk.metadata : Json::object();
  if (!chunk.title.empty()) fields["title"] = chunk.title;
  if (!chunk.source.empty()) fields["source"] = chunk.source;
  if (chunk.page > 0) fields["page"] = chunk.page;
  if (!chunk.heading.empty()) fields["heading"] = chunk.heading;
  fields["document"] = chunk.document;
  return fields;
}

Json to_json(const Hit& hit) {
  Json json = {
      {"chunk", hit.chunk}, {"document", hit.document}, {"source", hit.source}, {"title", hit.title}};
  if (hit.page > 0) json["page"] = hit.page;
  if (!hit.heading.empty()) json["heading"] = hit.heading;
  json["begin"] = hit.begin;
  json["end"] = hit.end;
  json["text"] = hit.text;
  json["score"] = rounded(hit.score);
  json["score_kind"] = word(hit.score_kind);
  if (!hit.metadata.empty()) json["metadata"] = hit.metadata;
  for (const Placing& placing : hit.placings)
    json["placings"].push_back(
        {{"list", word(placing.list)}, {"rank", placing.rank}, {"score", rounded(placing.score)}});
  if (!hit.merged.empty()) json["merged"] = hit.merged;
  return json;
}

}  // namespace troupe::memory
