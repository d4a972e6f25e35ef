#pragma once

#include "memory/knowledge/bases/base_image.h"
#include "memory/knowledge/settings.h"

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
  /// What the table has for each, also for one that is empty: a million names make no more of them.
  static constexpr std::size_t kEntry = 4'096;

  explicit BaseTable(BaseImage::Services services);

  /// Never null; nothing is read before it is searched.
  std::shared_ptr<BaseImage> image(const BaseKey& key);
  /// How the vectors of all bases of this name are to be searched from now on, whoever searches.
  void prefer(const std::string& name, const IndexSettings& index);
  KnowledgeStore& store() const { return services_.store; }

  /// Bounds what they take, in bytes, estimated; holds from the next trim() on.
  void allow(std::size_t memory) { memory_ = memory; }
  /// Lets go of images past that bound, those first that were not searched for the longest, in the
  /// background: they are read again when they are searched. One that somebody holds stays, and so does the
  /// one that was asked for last, however large.
  void trim();
  std::size_t size() const { return images_.size(); }
  /// What they take of memory, about.
  std::size_t bytes() const;

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
  using Images = std::map<BaseKey, Entry>;
  static Task<> keep(const BaseKey& key, BaseImage& image);
  Images::iterator oldest();
  void let_go(Images::iterator entry);

  BaseImage::Services services_;
  Images images_;
  std::size_t memory_ = kKnowledgeMemory;
  std::uint64_t calls_ = 0;
  std::map<std::string, IndexSettings> preferred_;  // by the name of a base
  Nursery nursery_;                                 // of those that go
};

}  // namespace troupe::memory
