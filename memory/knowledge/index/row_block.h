#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace troupe::memory {

/// Asks for huge pages for a block that is walked through or jumped about in: the page tables of hundreds of
/// megabytes are waited for otherwise. A wish; small blocks are left alone.
void prefer_huge_pages(void* block, std::size_t bytes);

/// Rows of floats of one width in one block of memory, on cache lines, which grows by half and shrinks when
/// three quarters are empty.
class RowBlock {
 public:
  /// `width` is a multiple of kLanes.
  explicit RowBlock(std::size_t width) : width_(width) {}

  /// False: there is no memory, and nothing changed.
  bool append(std::span<const float> row);
  void replace(std::size_t i, std::span<const float> row);
  /// The last row takes the place of row `i`.
  void remove(std::size_t i);
  /// Makes room for `rows`, whose content is anything until it is written. False: there is no memory.
  bool resize(std::size_t rows);

  std::size_t row_bytes() const { return width_ * sizeof(float); }
  float* data() { return block_.get(); }
  const float* data() const { return block_.get(); }

 private:
  struct Free {
    void operator()(float* block) const;
  };
  bool move_to(std::size_t capacity);

  std::size_t width_;
  std::size_t rows_ = 0;
  std::size_t capacity_ = 0;
  std::unique_ptr<float[], Free> block_;
};

}  // namespace troupe::memory
