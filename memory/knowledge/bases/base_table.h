#pragma once

#include "memory/knowledge/bases/base_image.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace troupe::memory {

/// The bases of this process that were searched, by whose they are: shared by all generations of the
/// configuration, because what is in a base does not change with it. Loop thread only.
class BaseTable {
 public:
  explicit BaseTable(BaseImage::Services services) : services_(std::move(services)) {}

  /// Never null; nothing is read before it is searched.
  std::shared_ptr<BaseImage> image(const BaseKey& key);
  /// How the vectors of all bases of this name are to be searched from now on, whoever searches.
  void prefer(const std::string& name, const IndexSettings& index);
  KnowledgeStore& store() const { return services_.store; }

  /// Keeps what indexes took long to make. Errors are logged.
  Task<> save();
  /// Forgets a base that was removed from the store, `id` when it was there, also what is kept of it in a
  /// file.
  Task<> forget(BaseKey key, std::int64_t id);
  /// Ends what is under way. Nobody may be searching.
  Task<> close();

 private:
  BaseImage::Services services_;
  std::map<BaseKey, std::shared_ptr<BaseImage>> images_;
  std::map<std::string, IndexSettings> preferred_;  // by the name of a base
};

}  // namespace troupe::memory
