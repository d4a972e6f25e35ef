#pragma once

#include "memory/knowledge/bases/base_image.h"
#include "memory/knowledge/search/chunk_source.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::memory {

/// The bases that one search looks into, as one: what is shared, and what the caller's tenant added. Scores
/// of BM25 are each base's own. One search each; loop thread.
class BaseSource final : public ChunkSource {
 public:
  /// It is searched with vectors of this embedding.
  BaseSource(KnowledgeStore& store, std::string embedding);
  /// To be called before it is searched; they have been refreshed.
  void look_into(std::vector<std::shared_ptr<BaseImage>> images) { images_ = std::move(images); }

  Task<Result<std::vector<Candidate>>> nearest(std::vector<float> query, CandidateQuery wanted,
                                               CallContext& context) override;
  Task<Result<std::vector<Candidate>>> keyword(std::string query, CandidateQuery wanted,
                                               CallContext& context) override;
  Task<Result<std::vector<StoredChunk>>> load(std::vector<std::int64_t> chunks,
                                              CallContext& context) override;
  Task<Result<std::vector<StoredChunk>>> by_ordinal(std::int64_t document, std::size_t first,
                                                    std::size_t last, CallContext& context) override;
  Task<Result<std::vector<StoredChunk>>> by_place(std::int64_t document, std::size_t begin, std::size_t end,
                                                  CallContext& context) override;

 private:
  Result<> check_document(const std::string& document) const;
  Task<Result<std::vector<Candidate>>> nearest_in(BaseImage& image, const std::vector<float>& query,
                                                  const CandidateQuery& wanted, Stop& stop);
  Task<Result<std::vector<Candidate>>> keyword_in(BaseImage& image, const std::string& match,
                                                  const CandidateQuery& wanted, Stop& stop);

  KnowledgeStore& store_;
  std::vector<std::shared_ptr<BaseImage>> images_;
  std::string embedding_;
};

}  // namespace troupe::memory
