#pragma once

#include "memory/knowledge/vector_index.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/result.h"
#include "runtime/sandbox/shared_memory.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe::memory {

/// Vectors as somebody outside of this process reads them: `count` rows of `dimensions` floats, one after the
/// other; under cosine of length 1, or 0.
struct OutsideRows {
  std::shared_ptr<const sandbox::SharedMemory> memory;  ///< sealed
  std::size_t count = 0;
  std::size_t dimensions = 0;
  Metric metric = Metric::cosine;
};

/// An index that somebody outside of this process made of rows. It is not believed: who asks looks at what is
/// answered, and scores it. Loop thread only; concurrent calls are fine.
class OutsideIndex {
 public:
  virtual ~OutsideIndex() = default;

  /// Numbers of at most `count` rows that are near `query` (prepared as the rows are), the nearest first, of
  /// those whose bit is set in `allowed`, row 0 in the lowest bit of the first byte; "": of all. Bounded in
  /// time by itself. Errors: busy (so many ask that it is not worth waiting for); any other: it broke or
  /// does not answer, and will not again.
  virtual Task<Result<std::vector<std::uint32_t>>> nearest(std::vector<float> query, std::size_t count,
                                                           std::string allowed) = 0;
  /// Ends it; who asks meanwhile gets an error. Once, before it is destroyed.
  virtual Task<> close() = 0;
};

/// Who makes such indexes: what plugins of kind "index" are to a knowledge base.
class OutsideIndexes {
 public:
  virtual ~OutsideIndexes() = default;

  /// Takes as long as it takes; `stop` ends it. Errors: invalid (rows or options that it cannot use, by its
  /// words: with the same it would say the same again), cancelled; any other: it may be tried again.
  virtual Task<Result<std::unique_ptr<OutsideIndex>>> build(OutsideRows rows, Stop& stop) = 0;
  /// Whether an index of the other is as good as one of this.
  virtual bool same(const OutsideIndexes& other) const = 0;
};

/// One of them, or none. Equal when an index that one made may stand for one of the other.
struct OutsideMaker {
  std::shared_ptr<OutsideIndexes> indexes;

  bool operator==(const OutsideMaker& other) const {
    if (indexes == other.indexes) return true;
    return indexes && other.indexes && indexes->same(*other.indexes);
  }
};

}  // namespace troupe::memory
