#pragma once

#include "runtime/base/result.h"
#include "runtime/sandbox/descriptor.h"

#include <cstddef>
#include <span>
#include <string_view>

namespace troupe::sandbox {

/// Memory that a confined process reads without a copy: written once, then sealed, so that neither side can
/// change it any more. It is freed when the last descriptor and mapping of it are gone. Any thread, one at a
/// time.
class SharedMemory {
 public:
  /// `bytes` of zeros, at least one. Errors: unavailable (there is no memory for it). Takes about a second
  /// for four gigabytes.
  static Result<SharedMemory> make(std::size_t bytes);
  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&&) = delete;
  ~SharedMemory();

  /// To be filled; empty once it is sealed.
  std::span<std::byte> bytes() { return {data_, data_ ? size_ : 0}; }
  /// Errors: unavailable.
  Result<> seal();

  /// What Streams::memory hands over.
  int descriptor() const { return file_.get(); }
  std::size_t size() const { return size_; }

 private:
  SharedMemory(Descriptor file, std::byte* data, std::size_t size)
      : file_(std::move(file)), data_(data), size_(size) {}
  void unmap();

  Descriptor file_;
  std::byte* data_;
  std::size_t size_;
};

/// The same memory in the process that reads it. Any thread.
class MemoryView {
 public:
  MemoryView() = default;
  /// Takes `descriptor`, of a file of at least `bytes`. Errors: unavailable, with what the kernel said: the
  /// limit of address space, most likely.
  static Result<MemoryView> map(Descriptor descriptor, std::size_t bytes);
  MemoryView(MemoryView&& other) noexcept;
  MemoryView& operator=(MemoryView&& other) noexcept;
  ~MemoryView();

  std::string_view bytes() const { return bytes_; }

 private:
  std::string_view bytes_;
};

}  // namespace troupe::sandbox
