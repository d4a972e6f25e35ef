#pragma once

#include "models/cache/flights.h"
#include "models/cache/memory_cache.h"
#include "models/cache/sqlite_cache.h"
#include "models/model.h"
#include "models/settings.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// The caches of one process, which outlive its configurations: all entries of `models:` with `cache: memory`
/// share one, all with `cache: sqlite` another. Loop thread only.
class ReplyCaches {
 public:
  /// `directory`: of the store, whose lock is held; cache.db in it is made when it is first needed.
  ReplyCaches(Loop& loop, const std::string& directory)
      : memory_(loop.clock()), sqlite_(loop, directory + "/cache.db") {}

  /// Takes the sizes of a configuration's caches: the largest that an entry names.
  void resize(const std::vector<ModelSettings>& models);

  /// `model` with the cache of its entry around it; as it is where that has none. `played`: the entry that a
  /// cassette plays, which shapes what it answers; `version`: of what answers, where that is no part of the
  /// entry: a reply of another one is not given. The caches outlive it.
  std::shared_ptr<Model> around(std::shared_ptr<Model> model, const ModelSettings& settings,
                                const ModelSettings* played = nullptr, std::string_view version = "");

 private:
  MemoryCache memory_;
  SqliteCache sqlite_;
  Flights flights_;
};

}  // namespace troupe::models
