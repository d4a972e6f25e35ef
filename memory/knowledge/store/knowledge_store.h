#pragma once

#include "memory/knowledge/store/queries.h"
#include "memory/knowledge/store/records.h"
#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::memory {

/// Where knowledge bases are kept. writes.h and queries.h say what each call does and which errors it has;
/// here they are for the loop. A narrow interface: another kind of store is to fit behind it. Writes happen
/// in the order in which they are asked for. Loop thread.
class KnowledgeStore {
 public:
  virtual ~KnowledgeStore() = default;

  virtual Task<Result<BaseRow>> claim_base(BaseKey key, std::string embedding) = 0;
  virtual Task<Result<Change>> put_document(BaseRow base, NewDocument document) = 0;
  virtual Task<Result<>> touch_document(std::int64_t document, Origin origin, std::string stamp) = 0;
  virtual Task<Result<std::optional<Change>>> remove_document(
      std::int64_t base, std::string source, std::optional<Origin> brought_by = std::nullopt) = 0;
  virtual Task<Result<bool>> remove_base(BaseKey key) = 0;
  /// Gives back to the disk what removals left free, until there is little or `stop` is requested; other
  /// writes come between. How many bytes that were.
  virtual Task<Result<std::uint64_t>> shrink(Stop& stop) = 0;

  virtual Task<Result<std::vector<BaseRow>>> list_bases() = 0;
  virtual Task<Result<std::optional<BaseRow>>> read_base(BaseKey key) = 0;
  virtual Task<Result<std::optional<BaseRow>>> find_base(BaseKey key) = 0;
  virtual Task<Result<std::vector<DocumentRow>>> list_documents(std::int64_t base, std::string after,
                                                                std::size_t limit) = 0;
  virtual Task<Result<std::optional<DocumentRow>>> read_document(std::int64_t base, std::string source) = 0;
  virtual Task<Result<std::optional<Document>>> document_text(std::int64_t document) = 0;
  virtual Task<Result<std::vector<TermMatch>>> match_terms(
      std::int64_t base, std::string match, std::size_t limit,
      std::optional<std::vector<std::int64_t>> documents) = 0;
  virtual Task<Result<std::vector<StoredChunk>>> read_chunks(std::vector<std::int64_t> ids) = 0;
  virtual Task<Result<std::vector<StoredChunk>>> chunks_between(std::int64_t document, std::int64_t first,
                                                                std::int64_t last) = 0;
  virtual Task<Result<std::vector<StoredChunk>>> chunks_at(std::int64_t document, std::size_t begin,
                                                           std::size_t end) = 0;
  virtual Task<Result<std::vector<float>>> read_vectors(std::vector<std::int64_t> ids,
                                                        std::size_t dimensions) = 0;
  virtual Task<Result<ChunkPage>> chunk_page(std::int64_t base, std::int64_t after, std::size_t limit,
                                             std::size_t dimensions) = 0;
  virtual Task<Result<std::vector<DocumentSize>>> document_sizes(std::int64_t base, std::int64_t after,
                                                                 std::size_t limit) = 0;
  virtual Task<Result<std::vector<DocumentFields>>> document_fields(std::int64_t base, std::int64_t after,
                                                                    std::size_t limit) = 0;
  virtual Task<Result<std::vector<std::string>>> check() = 0;
};

/// On a SQLite file, which is opened with the first call, and made with the first write: who has no knowledge
/// has no file. One thread writes; reads have connections of their own and never wait for it. Errors of every
/// call, too: what open_knowledge() says. Nothing may be in flight when it is destroyed.
std::unique_ptr<KnowledgeStore> make_sqlite_knowledge(Loop& loop, std::string file);

}  // namespace troupe::memory
