#pragma once

#include "app/library.h"
#include "runtime/async/loop.h"
#include "runtime/async/nursery.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"

#include <memory>

namespace troupe::app {

/// Keeps the knowledge of a daemon what its sources are: takes every base with `sources` in, in the
/// background, one after the other, when it starts and when the configuration was read again. What comes of
/// it is in the log. Loop thread only.
class KnowledgeKeeper {
 public:
  /// Both outlive it.
  KnowledgeKeeper(Loop& loop, Library& library);
  /// close() must have returned.
  ~KnowledgeKeeper();

  /// Begins with these bases; what it was at is stopped first, and what that had committed stays. `fetches`
  /// is for pages, guarded, and outlives it.
  void begin(std::shared_ptr<const memory::ConfiguredKnowledge> knowledge, net::HttpClient& fetches);
  Task<> close();

 private:
  Task<> keep(std::shared_ptr<const memory::ConfiguredKnowledge> knowledge, std::shared_ptr<Stop> stop);
  Task<bool> is_kept(const memory::ConfiguredBase& base);
  Task<> take_in(const memory::ConfiguredBase& base, Stop& stop);

  Library& library_;
  net::HttpClient* fetches_ = nullptr;
  std::shared_ptr<Stop> stop_;  // of what it is at
  bool working_ = false;
  std::shared_ptr<const memory::ConfiguredKnowledge> next_;  // once that has ended
  Nursery nursery_;
};

}  // namespace troupe::app
