#pragma once

#include "memory/knowledge/index/exact_scan.h"
#include "memory/knowledge/vector_index.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace troupe::memory {

/// The ids that the records of a graph stand for: several where vectors are equal, none where a record was
/// removed. One thread, or readers only.
class RecordNames {
 public:
  std::optional<std::uint32_t> record_of(std::int64_t id) const;
  std::vector<std::int64_t> ids() const;
  /// Ids.
  std::size_t size() const { return record_of_.size(); }
  /// Records that have a name.
  std::size_t records() const { return ids_.size() - vacant_.size(); }
  /// Whether `record`, which has a name, has only one.
  bool alone(std::uint32_t record) const { return !twins_.contains(record); }
  /// A record without a name, if there is one.
  std::optional<std::uint32_t> vacant() const;

  /// Gives `record` the name `id`, which nobody has. The record is the next one, vacant(), or has a name.
  void name(std::uint32_t record, std::int64_t id);
  /// Takes the name `id` from its record, if there is one. True: the record has no other and is vacant now.
  bool forget(std::int64_t id);
  /// As if `ids` had been named in order, those of `removed` then forgotten. False: an id is there twice.
  bool adopt(std::span<const std::int64_t> ids, std::span<const std::uint8_t> removed);

  /// Fills in what rows are called.
  void call(VectorRows& rows) const;
  std::span<const std::int64_t> first_ids() const { return ids_; }
  const Twins& twins() const { return twins_; }
  /// How many of `samples` records from everywhere have a name that `allowed` lets through, and how many
  /// have a name at all.
  struct Share {
    std::size_t passed = 0;
    std::size_t asked = 0;
  };
  Share sample(std::size_t samples, const IdFilter& allowed) const;

 private:
  std::vector<std::int64_t> ids_;    // of each record: the lowest of its names
  std::vector<std::uint8_t> alive_;  // 0: vacant
  std::vector<std::uint32_t> vacant_;
  Twins twins_;
  std::unordered_map<std::int64_t, std::uint32_t> record_of_;
};

}  // namespace troupe::memory
