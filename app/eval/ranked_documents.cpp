#include "app/eval/ranked_documents.h"

#include "memory/knowledge/search/limits.h"
#include "runtime/base/json.h"

#include <algorithm>
#include <string_view>

namespace troupe::app {

namespace {

bool is_end_of_path(std::string_view path, std::string_view end) {
  if (end.empty() || path.size() <= end.size() || !path.ends_with(end)) return false;
  return path[path.size() - end.size() - 1] == '/';
}

std::string metadata_id(const memory::Hit& hit) {
  const Json* id = find(hit.metadata, "id");
  if (!id) return "";
  return id->is_string() ? id->get<std::string>() : dump(*id);
}

}  // namespace

std::string document_name(const memory::Hit& hit, const memory::Relevance& judged) {
  if (judged.contains(hit.source)) return hit.source;
  for (const auto& [id, grade] : judged)
    if (is_end_of_path(hit.source, id)) return id;
  for (std::string name : {metadata_id(hit), hit.title})
    if (!name.empty() && judged.contains(name)) return name;
  return hit.source;
}

std::vector<std::string> ranked_documents(const std::vector<memory::Hit>& hits,
                                          const memory::Relevance& judged, std::size_t k) {
  std::vector<std::string> names;
  for (const memory::Hit& hit : hits) {
    if (names.size() == k) break;
    std::string name = document_name(hit, judged);
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

std::size_t passages_for(const memory::SearchSettings& settings, std::size_t k) {
  std::size_t passages = std::min(k * kPassagesPerDocument, limits::kSearchHits);
  const bool chooses = settings.mode == memory::SearchMode::mmr ||
                       settings.mode == memory::SearchMode::hybrid || !settings.rerank.model.empty();
  if (chooses) passages = std::min(passages, settings.fetch_k);
  return std::max(passages, k);
}

}  // namespace troupe::app
