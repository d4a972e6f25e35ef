#pragma once

#include "memory/knowledge/bases/base_image.h"

#include <map>
#include <memory>

namespace troupe::memory {

/// The bases of this process that were searched, by whose they are: shared by all generations of the
/// configuration, because what is in a base does not change with it. Loop thread only.
class BaseTable {
 public:
  explicit BaseTable(BaseImage::Services services) : services_(std::move(services)) {}

  /// Never null; nothing is read before it is searched.
  std::shared_ptr<BaseImage> image(const BaseKey& key);
  KnowledgeStore& store() const { return services_.store; }

  /// Keeps what indexes took long to make. Errors are logged.
  Task<> save();
  /// Forgets a base that was removed from the store.
  Task<> forget(BaseKey key);
  /// Ends what is under way. Nobody may be searching.
  Task<> close();

 private:
  BaseImage::Services services_;
  std::map<BaseKey, std::shared_ptr<BaseImage>> images_;
};

}  // namespace troupe::memory
