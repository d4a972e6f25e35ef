#pragma once

#include "runtime/async/task.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe::memory {

/// The vectors of turns, so that each is made once: a cache, which may forget. A turn is known by the id of
/// its run, and a vector only means something beside those of the same embedder. Loop thread only.
class TurnVectors {
 public:
  virtual ~TurnVectors() = default;
  using Vector = std::vector<float>;
  /// One for each of `runs`, in their order; empty where there is none. Errors: store.
  virtual Task<Result<std::vector<Vector>>> find(std::string embedder, std::vector<std::string> runs) = 0;
  /// Keeps some, in the place of older ones of the same runs. Errors: store.
  virtual Task<Result<>> keep(std::string embedder, std::vector<std::pair<std::string, Vector>> vectors) = 0;
};

/// In memory. Past its limit those that were not asked for the longest go first.
class TurnVectorsInMemory final : public TurnVectors {
 public:
  static constexpr std::size_t kBytes = 64u << 20;

  explicit TurnVectorsInMemory(std::size_t bytes_max = kBytes) : bytes_max_(bytes_max) {}
  Task<Result<std::vector<Vector>>> find(std::string embedder, std::vector<std::string> runs) override;
  Task<Result<>> keep(std::string embedder, std::vector<std::pair<std::string, Vector>> vectors) override;
  std::size_t bytes() const { return bytes_; }

 private:
  using Key = std::pair<std::string, std::string>;  // embedder, run
  struct Entry {
    Vector vector;
    std::list<Key>::iterator used;
  };

  void forget(std::map<Key, Entry>::iterator entry);

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::map<Key, Entry> entries_;
  std::list<Key> used_;  // the latest first
};

}  // namespace troupe::memory
