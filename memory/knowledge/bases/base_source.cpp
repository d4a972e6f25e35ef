#include "memory/knowledge/bases/base_source.h"

#include "memory/knowledge/keyword/keyword.h"
#include "memory/knowledge/search/mmr.h"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::size_t kFirstMatches = 64;  // read where most may be filtered out

bool better_candidate(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.chunk < b.chunk;
}

void keep_best(std::vector<Candidate>& candidates, std::size_t count) {
  std::ranges::sort(candidates, better_candidate);
  if (candidates.size() > count) candidates.resize(count);
}

}  // namespace

BaseSource::BaseSource(KnowledgeStore& store, std::string embedding)
    : store_(store), embedding_(std::move(embedding)) {}

Result<> BaseSource::check_document(const std::string& document) const {
  if (document.empty()) return {};
  for (const auto& image : images_)
    if (image->find_document(document) != 0) return {};
  return fail(ErrorCode::not_found,
              fmt::format("there is no document `{}`, or several end like that; name one by its whole source "
                          "or its id, or leave it out to search all",
                          document));
}

Task<Result<std::vector<Candidate>>> BaseSource::nearest_in(BaseImage& image, const std::vector<float>& query,
                                                            const CandidateQuery& wanted, Stop& stop) {
  std::shared_ptr<const ChunkSet> allowed;
  if (!wanted.document.empty() || !wanted.filter.empty()) {
    const std::int64_t document = image.find_document(wanted.document);
    if (!wanted.document.empty() && document == 0) co_return std::vector<Candidate>();
    auto set = co_await image.allowed(wanted.filter, document, stop);
    if (!set) co_return fail(std::move(set.error()));
    allowed = std::move(*set);
    if (allowed->size() == 0) co_return std::vector<Candidate>();
  }
  auto near =
      co_await image.nearest(query, wanted.count, std::move(allowed), embedding_, wanted.vectors, stop);
  if (!near) co_return fail(std::move(near.error()));
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < near->found.size(); ++i) {
    Candidate& one = candidates.emplace_back(near->found[i].id, near->found[i].score);
    if (near->vectors.empty()) continue;
    const auto row = std::span(near->vectors).subspan(i * query.size(), query.size());
    if (near->metric != Metric::cosine) one.score = cosine(query, row);
    if (wanted.vectors) one.vector.assign(row.begin(), row.end());
  }
  co_return candidates;
}

Task<Result<std::vector<Candidate>>> BaseSource::nearest(std::vector<float> query, CandidateQuery wanted,
                                                         CallContext& context) {
  if (auto there = check_document(wanted.document); !there) co_return fail(std::move(there.error()));
  std::vector<Candidate> all;
  for (const auto& image : images_) {
    auto found = co_await nearest_in(*image, query, wanted, context.stop);
    if (!found) co_return found;
    std::ranges::move(*found, std::back_inserter(all));
    if (context.stop.requested()) co_return fail(stopped("search", context.stop.reason()));
  }
  keep_best(all, wanted.count);
  co_return all;
}

Task<Result<std::vector<Candidate>>> BaseSource::keyword_in(BaseImage& image, const std::string& match,
                                                            const CandidateQuery& wanted, Stop& stop) {
  auto view = co_await image.look();
  if (!view) co_return fail(std::move(view.error()));
  std::vector<Candidate> candidates;
  if (!view->there) co_return candidates;
  const std::int64_t document = image.find_document(wanted.document);
  if (!wanted.document.empty() && document == 0) co_return candidates;
  const bool all = wanted.document.empty() && wanted.filter.empty();
  std::optional<std::vector<std::int64_t>> documents;
  if (!all) {
    auto named = co_await image.allowed_documents(wanted.filter, document, stop);
    if (!named) co_return fail(std::move(named.error()));
    documents = std::move(*named);
  }
  if (all || documents) {
    auto matches = co_await store_.match_terms(view->base, match, wanted.count, std::move(documents));
    if (!matches) co_return fail(std::move(matches.error()));
    for (const TermMatch& one : *matches) candidates.push_back({one.chunk, one.score, {}});
    co_return candidates;
  }
  // The filter decides before the count does: as many matches are read as it takes.
  auto let_through = co_await image.allowed(wanted.filter, document, stop);
  if (!let_through) co_return fail(std::move(let_through.error()));
  const auto allowed = std::move(*let_through);
  for (std::size_t limit = std::max(kFirstMatches, 4 * wanted.count);; limit *= 8) {
    auto matches = co_await store_.match_terms(view->base, match, limit, std::nullopt);
    if (!matches) co_return fail(std::move(matches.error()));
    candidates.clear();
    for (const TermMatch& one : *matches)
      if (allowed->contains(one.chunk) && candidates.size() < wanted.count)
        candidates.push_back({one.chunk, one.score, {}});
    if (stop.requested()) co_return fail(stopped("search", stop.reason()));
    const bool enough = candidates.size() >= std::min(wanted.count, allowed->size());
    if (enough || matches->size() < limit) co_return candidates;
  }
}

Task<Result<std::vector<Candidate>>> BaseSource::keyword(std::string query, CandidateQuery wanted,
                                                         CallContext& context) {
  if (auto there = check_document(wanted.document); !there) co_return fail(std::move(there.error()));
  std::vector<Candidate> all;
  const std::string match = keyword_query(query);
  if (match.empty()) co_return all;
  for (const auto& image : images_) {
    auto found = co_await keyword_in(*image, match, wanted, context.stop);
    if (!found) co_return found;
    std::ranges::move(*found, std::back_inserter(all));
    if (context.stop.requested()) co_return fail(stopped("search", context.stop.reason()));
  }
  keep_best(all, wanted.count);
  co_return all;
}

Task<Result<std::vector<StoredChunk>>> BaseSource::load(std::vector<std::int64_t> chunks, CallContext&) {
  co_return co_await store_.read_chunks(std::move(chunks));
}

Task<Result<std::vector<StoredChunk>>> BaseSource::by_ordinal(std::int64_t document, std::size_t first,
                                                              std::size_t last, CallContext&) {
  co_return co_await store_.chunks_between(document, static_cast<std::int64_t>(first),
                                           static_cast<std::int64_t>(last));
}

Task<Result<std::vector<StoredChunk>>> BaseSource::by_place(std::int64_t document, std::size_t begin,
                                                            std::size_t end, CallContext&) {
  co_return co_await store_.chunks_at(document, begin, end);
}

}  // namespace troupe::memory
