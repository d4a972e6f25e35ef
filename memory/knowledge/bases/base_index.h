#pragma once

#include "memory/knowledge/bases/chunk_set.h"
#include "memory/knowledge/bases/outside_search.h"
#include "memory/knowledge/index/vector_indexes.h"
#include "runtime/async/nursery.h"
#include "runtime/async/offload.h"
#include "runtime/async/read_write_gate.h"
#include "runtime/async/task.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace troupe::memory {

/// The vectors of one base while they are searched and change: searches go on beside each other on workers, a
/// change waits for them and is short. Where another kind of index is due, it is made beside this one, a few
/// vectors at a time, and takes its place when it is done: nobody waits for it. Where a plugin indexes them,
/// the index here is flat and has the last word, see OutsideSearch. Loop thread only.
class BaseIndex {
 public:
  /// What it is searched and built on; outlives it.
  struct Threads {
    Loop& loop;
    Workers& searching;
    Workers& building;  ///< one job there may take a tenth of a second
  };

  /// An index for vectors of these settings, empty; flat until a rebuild says otherwise.
  static Result<std::unique_ptr<BaseIndex>> make(Threads threads, IndexSettings settings);
  /// What save() wrote of this `stamp`. Errors: those of load_index().
  static Task<Result<std::unique_ptr<BaseIndex>>> load(Threads threads, IndexSettings settings,
                                                       std::string file, std::uint64_t stamp);
  /// close() must have returned.
  ~BaseIndex();

  const IndexSettings& settings() const { return settings_; }
  std::size_t size() const { return index_->size(); }
  IndexKind kind() const { return index_->kind(); }
  bool rebuilding() const { return rebuilding_ || (outside_ && outside_->building()); }
  /// Whether an index of a plugin is asked.
  bool helped() const { return outside_ && outside_->built(); }

  /// Takes ids away and puts others, a row of `vectors` each; searches may come between. Errors: those of
  /// VectorIndex::put(); what came before the one that failed is there.
  Task<Result<>> change(std::vector<std::int64_t> removed, std::vector<std::int64_t> added,
                        std::vector<float> vectors);

  /// As VectorIndex::nearest(). `allowed`: null: all.
  Task<Result<std::vector<Neighbour>>> nearest(std::vector<float> query, std::size_t k,
                                               std::shared_ptr<const ChunkSet> allowed);
  /// The vectors of these ids as they are compared, one after the other; zeros where there is none.
  Task<std::vector<float>> vectors(std::vector<std::int64_t> ids);

  /// Begins to make another in the background, when one is due and none is under way.
  void rebuild_if_due();
  /// Returns when no rebuild is under way.
  Task<> settled();
  /// Writes it down; see VectorIndex::save(). A rebuild that is under way is not waited for. Searches go on
  /// beside it; nothing waits for it: a change that comes meanwhile makes it worthless, and ends it. Errors
  /// too: cancelled (that was so).
  Task<Result<>> save(std::string file, std::uint64_t stamp);
  /// To be called by who is about to change it and has to wait for a save elsewhere.
  void give_up_saving() { saving_.request_stop(); }
  /// Ends a rebuild, and returns when nobody works on the index any more.
  Task<> close();

 private:
  struct Write {  // a change, or a slice of one
    std::vector<std::int64_t> removed;
    std::vector<std::int64_t> added;
    std::vector<float> vectors;
  };

  static Result<> write(VectorIndex& index, const Write& change);
  Task<ReadWriteGate::Pass> to_write();
  BaseIndex(Threads threads, IndexSettings settings, std::unique_ptr<VectorIndex> index);
  Task<> rebuild();
  Task<Result<>> fill(VectorIndex& fresh);
  Task<Result<>> catch_up(VectorIndex& fresh);
  Task<std::optional<std::vector<Neighbour>>> nearest_outside(const std::vector<float>& query, std::size_t k,
                                                              std::shared_ptr<const ChunkSet> allowed);
  Task<Result<OutsideSearch::Taken>> take_rows();

  Threads threads_;
  const IndexSettings settings_;
  std::shared_ptr<VectorIndex> index_;
  ReadWriteGate gate_;
  std::stop_source saving_;   // of all saves since the last change
  std::deque<Write> missed_;  // while rebuilding
  bool rebuilding_ = false;
  bool gave_up_ = false;  // a rebuild failed: this one stays
  bool closing_ = false;
  std::unique_ptr<OutsideSearch> outside_;  // null: no plugin is to be asked
  Nursery nursery_;
};

}  // namespace troupe::memory
