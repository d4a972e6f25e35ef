#include "memory/knowledge/index/row_block.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

namespace troupe::memory {

namespace {

constexpr std::size_t kCacheLine = 64;
constexpr std::size_t kHugePage = 2u << 20;
constexpr std::size_t kRowsFirst = 16;

float* allocate(std::size_t bytes) {
  const std::size_t alignment = bytes >= kHugePage ? kHugePage : kCacheLine;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* block = std::aligned_alloc(alignment, rounded);
  if (block) prefer_huge_pages(block, rounded);
  return static_cast<float*>(block);
}

}  // namespace

void prefer_huge_pages(void* block, std::size_t bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  const std::uintptr_t begin = (address + kHugePage - 1) / kHugePage * kHugePage;
  const std::uintptr_t end = (address + bytes) / kHugePage * kHugePage;
  if (begin < end) (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

void RowBlock::Free::operator()(float* block) const {
  std::free(block);
}

bool RowBlock::append(std::span<const float> row) {
  if (rows_ == capacity_ && !move_to(std::max(kRowsFirst, capacity_ + capacity_ / 2))) return false;
  ++rows_;
  replace(rows_ - 1, row);
  return true;
}

void RowBlock::replace(std::size_t i, std::span<const float> row) {
  std::memcpy(block_.get() + i * width_, row.data(), row_bytes());
}

void RowBlock::remove(std::size_t i) {
  const std::size_t last = --rows_;
  if (i != last) replace(i, {block_.get() + last * width_, width_});
  if (rows_ >= kRowsFirst && rows_ < capacity_ / 4)
    (void)move_to(capacity_ / 2);  // without memory for it, it stays large
}

bool RowBlock::resize(std::size_t rows) {
  if (rows > capacity_ && !move_to(rows)) return false;
  rows_ = rows;
  return true;
}

bool RowBlock::move_to(std::size_t capacity) {
  std::unique_ptr<float[], Free> moved(allocate(capacity * row_bytes()));
  if (!moved) return false;
  if (rows_ > 0) std::memcpy(moved.get(), block_.get(), rows_ * row_bytes());
  block_ = std::move(moved);
  capacity_ = capacity;
  return true;
}

}  // namespace troupe::memory
