#include "memory/knowledge/index/index_file.h"

#include "memory/knowledge/index/limits.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <type_traits>
#include <unistd.h>
#include <zlib.h>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

static_assert(std::endian::native == std::endian::little, "files of indexes are little-endian");
static_assert(std::has_unique_object_representations_v<IndexHeader>, "no byte of a header is left undefined");

constexpr std::array<char, 8> kMagic = {'T', 'R', 'P', 'V', 'E', 'C', '\r', '\n'};
constexpr std::uint64_t kFrame = kMagic.size() + sizeof(IndexHeader) + sizeof(std::uint32_t);
constexpr std::size_t kChunk = 1u << 20;    // read and checked at once: it is still in the cache
constexpr std::size_t kSynced = 16u << 20;  // written between two looks at the disk: none of them is long
constexpr int kNames = 16;                  // tried for a file before it is an error
constexpr std::string_view kNew = ".new";
constexpr std::string_view kName = ".XXXXXX.new";  // as mkostemps(3) takes it

unsigned long checked(unsigned long checksum, std::span<const std::byte> bytes) {
  return ::crc32_z(checksum, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

std::unexpected<Error> failed(std::string_view what, const std::string& file, int error) {
  return fail(ErrorCode::store, fmt::format("{}: {}: {}", file, what, std::strerror(error)));
}

// Who writes one holds its lock, which ends with its process, in whatever container that runs.
bool lock(int fd) {
  return ::flock(fd, LOCK_EX | LOCK_NB) == 0;
}

void remove_if_stale(const std::string& temporary) {
  const int fd = ::open(temporary.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return;
  if (lock(fd)) ::unlink(temporary.c_str());
  ::close(fd);
}

void remove_stale(const std::string& file) {
  const std::filesystem::path path(file);
  const std::string name = path.filename().string();
  std::error_code error;
  std::filesystem::directory_iterator entry(path.has_parent_path() ? path.parent_path() : ".", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string other = entry->path().filename().string();
    if (other.size() == name.size() + kName.size() && other.starts_with(name + '.') && other.ends_with(kNew))
      remove_if_stale(entry->path().string());
  }
}

// A new file beside `file` that is locked and has a name; -1: errno says why there is none.
int make_temporary(const std::string& file, std::string& name) {
  for (int i = 0; i < kNames; ++i) {
    name = file + std::string(kName);
    const int fd = ::mkostemps(name.data(), static_cast<int>(kNew.size()), O_CLOEXEC);
    if (fd < 0) return fd;
    // Before it was locked another process may have taken it for stale.
    struct stat status{};
    if (lock(fd) && ::fstat(fd, &status) == 0 && status.st_nlink > 0) return fd;
    ::unlink(name.c_str());
    ::close(fd);
    errno = EBUSY;
  }
  return -1;
}

}  // namespace

void remove_index_file(const std::string& file) {
  ::unlink(file.c_str());
  remove_stale(file);
}

IndexHeader header_of(const VectorIndex& index, std::uint64_t stamp) {
  return {.kind = static_cast<std::uint32_t>(index.kind()),
          .metric = static_cast<std::uint32_t>(index.metric()),
          .dimensions = static_cast<std::uint32_t>(index.dimensions()),
          .stamp = stamp};
}

IndexFileWriter::~IndexFileWriter() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

Result<> IndexFileWriter::begin(const std::string& file, const IndexHeader& header) {
  file_ = file;
  remove_stale(file);
  fd_ = make_temporary(file, temporary_);
  if (fd_ < 0) return failed("cannot make this file for an index", temporary_, errno);
  checksum_ = ::crc32_z(0, nullptr, 0);
  if (auto written = write(bytes_of(kMagic)); !written) return written;
  return write(bytes_of(header));
}

Result<> IndexFileWriter::write(std::span<const std::byte> part) {
  for (; !part.empty(); part = part.subspan(std::min(kChunk, part.size()))) {
    const auto chunk = part.first(std::min(kChunk, part.size()));
    checksum_ = checked(checksum_, chunk);
    if (auto written = put(chunk); !written) return written;
    if (unsynced_ < kSynced) continue;
    if (auto synced = sync(); !synced) return synced;
  }
  return {};
}

Result<> IndexFileWriter::sync() {
  if (::fdatasync(fd_) != 0) return failed("cannot sync an index", temporary_, errno);
  unsynced_ = 0;
  return {};
}

Result<> IndexFileWriter::commit() {
  const auto checksum = static_cast<std::uint32_t>(checksum_);
  if (auto written = put(bytes_of(checksum)); !written) return written;
  if (auto synced = sync(); !synced) return synced;
  if (::rename(temporary_.c_str(), file_.c_str()) != 0)
    return failed("cannot put a new index in the place of the old one", file_, errno);
  ::close(fd_);
  fd_ = -1;
  return {};
}

Result<> IndexFileWriter::put(std::span<const std::byte> bytes) {
  if (give_up_.stop_requested()) return fail(ErrorCode::cancelled, file_ + ": it is not written any more");
  unsynced_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("cannot write an index", temporary_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

IndexFileReader::~IndexFileReader() {
  if (fd_ >= 0) ::close(fd_);
}

Result<IndexHeader> IndexFileReader::begin(const std::string& file) {
  file_ = file;
  fd_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd_ < 0 && errno == ENOENT) return fail(ErrorCode::not_found, file + ": there is no such index");
  if (fd_ < 0) return failed("cannot open an index", file, errno);
  struct stat status{};
  if (::fstat(fd_, &status) != 0) return failed("cannot look at an index", file, errno);
  if (!S_ISREG(status.st_mode)) return damaged("it is not a regular file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size < kFrame) return damaged("it is cut short");
  if (size > limits::kIndexFileBytes) return damaged("it is larger than any index");

  std::array<char, kMagic.size()> magic{};
  IndexHeader header;
  if (auto got = get(std::as_writable_bytes(std::span(magic))); !got) return fail(got.error());
  if (magic != kMagic) return damaged("it does not begin as an index does");
  if (auto got = get(std::as_writable_bytes(std::span(&header, 1))); !got) return fail(got.error());
  if (header.version != IndexHeader{}.version)
    return fail(ErrorCode::conflict,
                fmt::format("{}: an index of format {}, and this program has format {}; it "
                            "is to be built again",
                            file, header.version, IndexHeader{}.version));
  if (header.body != size - kFrame)
    return damaged(fmt::format("it has {} bytes where it says {}", size - kFrame, header.body));
  if (header.dimensions == 0 || header.dimensions > limits::kIndexDimensions ||
      header.rows > limits::kIndexVectors || header.upper > header.body)
    return damaged("it says that it is larger than any index");
  left_ = header.body;
  checksum_ = checked(checked(::crc32_z(0, nullptr, 0), bytes_of(kMagic)), bytes_of(header));
  return header;
}

Result<> IndexFileReader::read(std::span<std::byte> part) {
  if (part.size() > left_) return damaged("its parts are larger than it is");
  left_ -= part.size();
  for (; !part.empty(); part = part.subspan(std::min(kChunk, part.size()))) {
    const auto chunk = part.first(std::min(kChunk, part.size()));
    if (auto got = get(chunk); !got) return got;
    checksum_ = checked(checksum_, chunk);
  }
  return {};
}

Result<> IndexFileReader::finish() {
  if (left_ != 0) return damaged("it holds more than an index");
  std::uint32_t checksum = 0;
  if (auto got = get(std::as_writable_bytes(std::span(&checksum, 1))); !got) return got;
  if (checksum != static_cast<std::uint32_t>(checksum_)) return damaged("its checksum is wrong");
  return {};
}

std::unexpected<Error> IndexFileReader::damaged(const std::string& what) const {
  return fail(ErrorCode::invalid, fmt::format("{}: {}; the index is to be built again", file_, what));
}

Result<> IndexFileReader::get(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::read(fd_, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("cannot read an index", file_, errno);
    if (got == 0) return damaged("it was cut short while it was read");
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

}  // namespace troupe::memory
