#include "memory/knowledge/index/record_names.h"

#include <utility>

namespace troupe::memory {

namespace {

constexpr std::uint64_t kSpread = 2654435761u;  // takes samples from everywhere, in no rhythm

}  // namespace

std::vector<std::int64_t> RecordNames::ids() const {
  std::vector<std::int64_t> ids;
  ids.reserve(record_of_.size());
  for (const auto& [id, record] : record_of_) ids.push_back(id);
  return ids;
}

std::optional<std::uint32_t> RecordNames::record_of(std::int64_t id) const {
  const auto known = record_of_.find(id);
  return known == record_of_.end() ? std::nullopt : std::optional(known->second);
}

std::optional<std::uint32_t> RecordNames::vacant() const {
  return vacant_.empty() ? std::nullopt : std::optional(vacant_.back());
}

void RecordNames::name(std::uint32_t record, std::int64_t id) {
  record_of_.emplace(id, record);
  if (record == ids_.size()) {
    ids_.push_back(id);
    alive_.push_back(1);
  } else if (alive_[record] == 0) {
    vacant_.pop_back();
    ids_[record] = id;
    alive_[record] = 1;
  } else {
    if (id < ids_[record]) std::swap(id, ids_[record]);
    twins_[record].insert(id);
  }
}

bool RecordNames::forget(std::int64_t id) {
  const auto known = record_of_.find(id);
  if (known == record_of_.end()) return false;
  const std::uint32_t record = known->second;
  record_of_.erase(known);
  const auto twins = twins_.find(record);
  if (twins == twins_.end()) {
    alive_[record] = 0;
    vacant_.push_back(record);
    return true;
  }
  if (ids_[record] == id) {
    ids_[record] = *twins->second.begin();
    twins->second.erase(twins->second.begin());
  } else {
    twins->second.erase(id);
  }
  if (twins->second.empty()) twins_.erase(twins);
  return false;
}

bool RecordNames::adopt(std::span<const std::int64_t> ids, std::span<const std::uint8_t> removed) {
  ids_.assign(ids.begin(), ids.end());
  alive_.resize(ids.size());
  for (std::uint32_t record = 0; record < ids.size(); ++record) {
    alive_[record] = removed[record] ? 0 : 1;
    if (removed[record])
      vacant_.push_back(record);
    else if (!record_of_.emplace(ids[record], record).second)
      return false;
  }
  return true;
}

void RecordNames::call(VectorRows& rows) const {
  rows.ids = ids_;
  rows.alive = alive_;
  rows.twins = &twins_;
}

RecordNames::Share RecordNames::sample(std::size_t samples, const IdFilter& allowed) const {
  VectorRows rows;
  call(rows);
  Share share;
  for (std::uint64_t i = 0; i < samples; ++i) {
    const std::size_t record = i * kSpread % ids_.size();
    if (alive_[record] == 0) continue;
    ++share.asked;
    share.passed += rows.passes(record, allowed) ? 1 : 0;
  }
  return share;
}

}  // namespace troupe::memory
