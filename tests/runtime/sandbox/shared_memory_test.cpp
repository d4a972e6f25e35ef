#include "runtime/sandbox/shared_memory.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::sandbox;

namespace {

SharedMemory filled(const std::string& text) {
  auto memory = SharedMemory::make(text.size());
  REQUIRE(memory);
  std::memcpy(memory->bytes().data(), text.data(), text.size());
  return std::move(*memory);
}

Descriptor copy(const SharedMemory& memory) {
  return Descriptor(::dup(memory.descriptor()));
}

}  // namespace

TEST_CASE("what was written is read through another descriptor, also when the first one is gone") {
  const std::string text(100'000, 'x');
  MemoryView view;
  {
    SharedMemory memory = filled(text);
    CHECK(memory.size() == text.size());
    REQUIRE(memory.seal());
    auto mapped = MemoryView::map(copy(memory), text.size());
    REQUIRE(mapped);
    view = std::move(*mapped);
    CHECK(mapped->bytes().empty());
  }
  CHECK(view.bytes() == text);
  view = {};
  CHECK(view.bytes().empty());
}

TEST_CASE("it begins as zeros, and nobody can change what is sealed") {
  auto memory = SharedMemory::make(5'000);
  REQUIRE(memory);
  CHECK(std::ranges::all_of(memory->bytes(), [](std::byte one) { return one == std::byte{0}; }));
  REQUIRE(memory->seal());
  CHECK(memory->bytes().empty());
  const int file = memory->descriptor();
  CHECK(::write(file, "x", 1) < 0);
  CHECK(::ftruncate(file, 10) < 0);
  CHECK(::mmap(nullptr, 5'000, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED);
}

TEST_CASE("more than is shared cannot be mapped, and no memory of no size be made") {
  SharedMemory memory = filled("few");
  REQUIRE(memory.seal());
  const auto more = MemoryView::map(copy(memory), 4'000);
  REQUIRE_FALSE(more);
  CHECK(more.error().code == ErrorCode::unavailable);
  CHECK(more.error().message == "mapping 4000 bytes that the daemon shares: it shares 3");
  CHECK_FALSE(MemoryView::map(Descriptor(), 1));
  CHECK_FALSE(SharedMemory::make(0));
}
