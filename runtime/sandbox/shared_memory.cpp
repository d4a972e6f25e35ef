#include "runtime/sandbox/shared_memory.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <utility>

namespace troupe::sandbox {

Result<SharedMemory> SharedMemory::make(std::size_t bytes) {
  const std::string what = "sharing " + std::to_string(bytes) + " bytes with a process";
  auto file = make_memory_file();
  if (!file) return fail(std::move(file.error()));
  // Taken now: a page that cannot be had when it is written to would end the daemon.
  if (const int code = ::posix_fallocate(file->get(), 0, static_cast<off_t>(bytes)); code != 0) {
    errno = code;
    return system_failure(what);
  }
  void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file->get(), 0);
  if (data == MAP_FAILED) return system_failure(what);
  return SharedMemory(std::move(*file), static_cast<std::byte*>(data), bytes);
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : file_(std::move(other.file_)), data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}

SharedMemory::~SharedMemory() {
  unmap();
}

void SharedMemory::unmap() {
  if (data_) ::munmap(std::exchange(data_, nullptr), size_);
}

Result<> SharedMemory::seal() {
  unmap();  // a file that is mapped to be written cannot be sealed
  return sandbox::seal(file_);
}

Result<MemoryView> MemoryView::map(Descriptor descriptor, std::size_t bytes) {
  const std::string what = "mapping " + std::to_string(bytes) + " bytes that the daemon shares";
  struct stat file{};
  if (::fstat(descriptor.get(), &file) < 0) return system_failure(what);
  if (static_cast<std::size_t>(file.st_size) < bytes)
    return fail(ErrorCode::unavailable, what + ": it shares " + std::to_string(file.st_size));
  // Private, though nobody writes: before Linux 6.7 what is sealed could not be mapped as shared at all. The
  // pages are the same ones.
  void* data = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, descriptor.get(), 0);
  if (data == MAP_FAILED) return system_failure(what);
  MemoryView view;
  view.bytes_ = {static_cast<const char*>(data), bytes};
  return view;
}

MemoryView::MemoryView(MemoryView&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MemoryView& MemoryView::operator=(MemoryView&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MemoryView::~MemoryView() {
  if (bytes_.data()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace troupe::sandbox
