#pragma once

#include "memory/knowledge/bases/base_image.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace troupe::memory {

/// The bases of this process that were searched, by whose they are: shared by all generations of the
/// configuration, because what is in a base does not change with it. Loop thread only.
class BaseTable {
 public:
  /// So many are in memory at once; those that were not searched for the longest are read again when they
  /// are.
  static constexpr std::size_t kImages = 64;

  explicit BaseTable(BaseImage::Services services) : services_(std::move(services)) {}

  /// Never null; nothing is read before it is searched.
  std::shared_ptr<BaseImage> image(const BaseKey& key);
  /// How the vectors of all bases of this name are to be searched from now on, whoever searches.
  void prefer(const std::string& name, const IndexSettings& index);
  KnowledgeStore& store() const { return services_.store; }

  /// Lets go of images past kImages that nobody holds.
  Task<> trim();
  std::size_t size() const { return images_.size(); }

  /// Keeps what indexes took long to make. Errors are logged.
  Task<> save();
  /// Forgets a base that was removed from the store, `id` when it was there, also what is kept of it in a
  /// file.
  Task<> forget(BaseKey key, std::int64_t id);
  /// Ends what is under way. Nobody may be searching.
  Task<> close();

 private:
  struct Entry {
    std::shared_ptr<BaseImage> image;
    std::uint64_t used = 0;  // when, counted in calls of image()
  };
  static Task<> keep(const BaseKey& key, BaseImage& image);

  BaseImage::Services services_;
  std::map<BaseKey, Entry> images_;
  std::uint64_t calls_ = 0;
  std::map<std::string, IndexSettings> preferred_;  // by the name of a base
};

}  // namespace troupe::memory
