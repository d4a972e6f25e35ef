#pragma once

#include "memory/knowledge/bases/base_index.h"
#include "memory/knowledge/bases/chunk_map.h"
#include "memory/knowledge/store/knowledge_store.h"
#include "runtime/async/nursery.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/read_write_gate.h"
#include "runtime/async/stop.h"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::memory {

/// Where the index of a base is kept.
std::string index_file(const std::string& folder, std::int64_t base);

/// What searching one base needs in memory: its vectors and which chunk belongs where. It is a copy of rows
/// in the store, read when it is first needed and brought up to date before each search: whoever changed the
/// base, this process or another, the search sees it. Loop thread only; concurrent calls are fine.
class BaseImage {
 public:
  struct Services {
    KnowledgeStore& store;
    BaseIndex::Threads threads;
    std::string folder;  ///< of the files that keep indexes; "": nothing is kept
  };
  /// What is looked at.
  struct View {
    bool there = false;  ///< false: nothing was ever put into this base
    std::int64_t base = 0;
    std::string embedding;
    std::size_t dimensions = 0;  ///< 0: it has no vectors
  };

  BaseImage(Services services, BaseKey key);
  /// close() must have returned.
  ~BaseImage();

  /// The base as it is now, without reading more than a row. Errors: store.
  Task<Result<View>> look();
  /// How its vectors are to be searched from the next refresh on.
  void prefer(const IndexSettings& index) { preferred_ = index; }
  /// Brings the map up to date, and where the base's vectors are of `embedding` the index, too. Who stops
  /// waiting does not end that: the next one has it. Errors: store, protocol (a file that was changed by
  /// hand), busy (no memory), those of stopped(). What was read before an error stays, and the next one goes
  /// on there.
  Task<Result<View>> refresh(std::optional<std::string> embedding, Stop& stop);

  // After refresh(), about what it found or something newer. A refresh is waited for; errors of those that
  // take a Stop: those of stopped().

  /// The id of a document by its source or id; 0: there is none.
  std::int64_t find_document(std::string_view document) const { return map_.find(document); }
  bool has_document(std::int64_t document) const { return map_.has(document); }
  /// The chunks that a filter lets through, of one document or (0) of all.
  Task<Result<std::shared_ptr<const ChunkSet>>> allowed(Filter filter, std::int64_t document, Stop& stop);
  /// The documents that it lets through; nothing where that does not decide, because the filter looks at
  /// places inside of them, or they are too many to be named.
  Task<Result<std::optional<std::vector<std::int64_t>>>> allowed_documents(Filter filter,
                                                                           std::int64_t document, Stop& stop);
  struct Nearest {
    std::vector<Neighbour> found;  ///< with what their scores are by `metric`
    Metric metric = Metric::cosine;
    std::vector<float> vectors;  ///< a row each, where they were asked for or the score is no cosine
  };
  /// The `k` nearest. Empty without vectors. Errors: conflict (the base's vectors are of another embedding by
  /// now, or were just being read anew: search again), and those of VectorIndex::nearest().
  Task<Result<Nearest>> nearest(std::vector<float> query, std::size_t k,
                                std::shared_ptr<const ChunkSet> allowed, std::string embedding, bool vectors,
                                Stop& stop);

  struct Sizes {
    std::size_t documents = 0;
    std::size_t chunks = 0;
    std::size_t vectors = 0;        ///< in the index
    std::optional<IndexKind> kind;  ///< none: no index is loaded
    bool rebuilding = false;
    bool helped = false;  ///< an index of a plugin is asked
  };
  Sizes sizes() const;
  /// What it takes of memory, about.
  std::size_t bytes() const;
  /// Whether it is being brought up to date.
  bool updating() const { return updating_; }

  /// Keeps the index in its file, when it is not what is there. Nothing to keep is no error, and neither is
  /// a refresh that comes meanwhile: it does not wait, and the file stays as it is. Errors: store.
  Task<Result<>> save();
  /// Waits until no index is being made.
  Task<> settled();
  /// Forgets what is in memory: the base was removed.
  Task<> forget();
  /// Ends what is under way, soon. Nobody may be searching.
  Task<> close();

 private:
  void begin_update(std::optional<BaseRow> row, bool vectors);
  Task<Result<>> updated(Stop& stop);
  Task<Result<>> update(BaseRow row, bool vectors);
  Task<> reset();
  Task<Result<>> follow(const BaseRow& row);
  Task<Result<>> read_chunks(const BaseRow& row);
  Task<Result<>> load_index(const BaseRow& row, IndexSettings settings);
  Task<Result<>> fill_index(const BaseRow& row);
  void keep_rebuilt();
  bool current(const std::optional<BaseRow>& row, bool vectors) const;
  IndexSettings settings_for(const BaseRow& row) const;
  std::string file() const { return index_file(services_.folder, row_.id); }
  std::uint64_t stamp() const;

  Services services_;
  BaseKey key_;
  IndexSettings preferred_;
  ReadWriteGate gate_;  // of everything below
  BaseRow row_;         // as it was when this was read; id 0: nothing was
  ChunkMap map_;
  std::int64_t last_chunk_ = 0;
  std::shared_ptr<BaseIndex> index_;
  std::uint64_t kept_ = 0;  // stamp and kind of what is in the file
  bool keeping_ = false;
  bool unkept_ = false;  // a change came while a graph was written down
  bool updating_ = false;
  bool closing_ = false;
  std::list<OneShot<Result<>>*> waiting_;  // for the update
  Nursery nursery_;
};

}  // namespace troupe::memory
