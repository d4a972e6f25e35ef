#pragma once

#include "memory/knowledge/bases/chunk_set.h"
#include "memory/knowledge/index/outside_index.h"
#include "memory/knowledge/index/vector_indexes.h"
#include "runtime/async/nursery.h"
#include "runtime/async/offload.h"
#include "runtime/async/stop.h"
#include "runtime/base/clock.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

namespace troupe::memory {

/// Searches the vectors of a base with the help of an index outside of this process. That one is made of a
/// copy of the vectors as they were at one moment and only ever names candidates: what was put, replaced or
/// removed since is known here and counts as it is now, and who asked scores the candidates with the vectors
/// themselves. So an index outside that is old, wrong or dead costs time or recall, never a wrong answer.
///
/// There is none while one is built, when there are few vectors (IndexSettings::flat_vectors) and after one
/// failed: then nothing is answered, and the caller compares with every vector. One that failed is logged,
/// ended and built again in the background, after a pause that doubles.
///
/// Nothing waits on a thread: the caller, a coroutine of the loop, awaits the answer, which comes within the
/// time that an OutsideIndex may take. Loop thread only.
class OutsideSearch {
 public:
  /// The vectors at one moment: row i is of ids[i].
  struct Taken {
    std::vector<std::int64_t> ids;
    std::shared_ptr<const sandbox::SharedMemory> memory;  ///< sealed
  };
  using Take = std::function<Task<Result<Taken>>()>;

  /// `settings`, whose `outside` has indexes, and `searching` outlive it. `take` copies the vectors; what
  /// changes from when it is called on is told by changed().
  OutsideSearch(Loop& loop, Workers& searching, const IndexSettings& settings, Take take);
  /// close() must have returned.
  ~OutsideSearch();

  /// Of these the index outside knows nothing, or something else.
  void changed(std::span<const std::int64_t> ids);
  /// Begins to have one built in the background, when one is due for `vectors` and none is under way.
  void build_if_due(std::size_t vectors);
  bool building() const { return fresh_ != nullptr; }
  /// Whether there is one that is asked.
  bool built() const { return built_ != nullptr; }
  /// Returns when none is being built.
  Task<> settled();

  struct Index;
  /// What it takes to find the nearest: all of them, but for what the index outside missed.
  struct Candidates {
    std::shared_ptr<const Index> index;
    std::vector<std::uint32_t> rows;
  };
  /// Candidates for the `k` nearest that `allowed` lets through (null: all); nothing: compare with all.
  Task<std::optional<Candidates>> ask(std::vector<float> query, std::size_t k,
                                      std::shared_ptr<const ChunkSet> allowed);
  /// Whether they are of the index that there is now; only then changes since were noted.
  bool current(const Candidates& candidates) const { return candidates.index == built_; }

  /// The `k` nearest of `candidates` and of what has changed since, with the scores of a flat index. Any
  /// thread, as long as neither `index` nor `candidates` change. Errors: those of VectorIndex::nearest().
  static Result<std::vector<Neighbour>> choose(const VectorIndex& index, const Candidates& candidates,
                                               std::span<const float> query, std::size_t k,
                                               const ChunkSet* allowed);

  /// Ends the index and a build. Nobody may be asking.
  Task<> close();

 private:
  bool due(std::size_t vectors) const;
  Task<> build(std::size_t vectors);
  void give_up(const Error& why);
  void retire(std::shared_ptr<Index> index);
  void note_failure();

  Loop& loop_;
  Workers& searching_;
  const IndexSettings& settings_;
  const Take take_;
  std::shared_ptr<Index> built_;  ///< null: there is none
  std::shared_ptr<Index> fresh_;  ///< that is being built
  Instant not_before_{};          ///< none is built
  Instant failed_at_{};
  int failures_ = 0;         ///< in a row
  std::size_t refused_ = 0;  ///< vectors of which it could not make one, whatever happens
  Stop stop_;
  Nursery nursery_;
};

}  // namespace troupe::memory
