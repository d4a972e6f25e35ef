#include "runtime/store/wal_check.h"

#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include <fmt/format.h>

namespace troupe::store {

namespace {

constexpr std::size_t kHeader = 32;
constexpr std::size_t kFrameHeader = 24;
constexpr std::uint32_t kMagic =
    0x377f0682;  // the last bit says whether checksums read words with the big end first

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::uint32_t word(const unsigned char* at, bool big_end_first = true) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return big_end_first == (std::endian::native == std::endian::big) ? value : __builtin_bswap32(value);
}

/// The running checksum of a WAL: two sums that feed each other, eight bytes at a time.
struct Sums {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  bool big_end_first = false;

  void add(const unsigned char* bytes, std::size_t size) {
    for (std::size_t i = 0; i < size; i += 8) {
      a += word(bytes + i, big_end_first) + b;
      b += word(bytes + i + 4, big_end_first) + a;
    }
  }
  bool equal(const unsigned char* at) const { return a == word(at) && b == word(at + 4); }
};

bool read(std::FILE* file, std::vector<unsigned char>& bytes) {
  return std::fread(bytes.data(), 1, bytes.size(), file) == bytes.size();
}

}  // namespace

Result<WalReport> check_wal(const std::string& file) {
  WalReport report;
  const File opened(std::fopen(file.c_str(), "rbe"));
  if (!opened) {
    if (errno == ENOENT) return report;
    return fail(ErrorCode::store, fmt::format("{}: cannot be read: {}", file, std::strerror(errno)));
  }
  std::vector<unsigned char> header(kHeader);
  if (!read(opened.get(), header))
    return report;  // empty, or the machine stopped before there was anything in it

  const std::uint32_t magic = word(header.data());
  const std::uint32_t page = word(header.data() + 8);
  Sums sums{.big_end_first = (magic & 1) != 0};
  sums.add(header.data(), kHeader - 8);
  const bool page_fits = page >= 512 && page <= 65536 && std::has_single_bit(page);
  if ((magic & ~1u) != kMagic || !page_fits || !sums.equal(header.data() + kHeader - 8)) {
    report.header_broken = true;
    return report;
  }

  report.bytes = kHeader;
  std::vector<unsigned char> frame(kFrameHeader + page);
  for (bool broken = false; read(opened.get(), frame);) {
    const bool this_generation = std::memcmp(frame.data() + 8, header.data() + 16, 8) == 0;  // the salts
    if (broken) {
      // Only commits count: a transaction that was rolled back leaves frames behind, too.
      report.lost += this_generation && word(frame.data() + 4) != 0 ? 1 : 0;
      continue;
    }
    sums.add(frame.data(), 8);
    sums.add(frame.data() + kFrameHeader, page);
    // Frames of an older generation follow the end of every log that is written over again.
    broken = !this_generation || !sums.equal(frame.data() + 16);
    if (!broken) report.bytes += static_cast<std::int64_t>(frame.size());
  }
  return report;
}

}  // namespace troupe::store
