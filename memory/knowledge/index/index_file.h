#pragma once

#include "memory/knowledge/vector_index.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <utility>

namespace troupe::memory {

/// What a file of an index begins with, in the byte order of the machine (little-endian, or nothing is
/// written): the magic, this, then the parts that its kind has, and a CRC-32 (zlib) over everything before.
struct IndexHeader {
  std::uint32_t version = 1;
  std::uint32_t kind = 0;    ///< IndexKind
  std::uint32_t metric = 0;  ///< Metric
  std::uint32_t dimensions = 0;
  std::uint64_t stamp = 0;
  std::uint64_t rows = 0;
  std::uint64_t body = 0;  ///< bytes between this and the checksum
  // hnsw only, else 0
  std::uint32_t m = 0;
  std::uint32_t ef_construction = 0;
  std::uint32_t entry = 0;
  std::int32_t top = 0;
  std::uint64_t upper = 0;  ///< bytes of the links above the lowest level
  std::uint64_t twins = 0;  ///< ids of vectors that another id has, too
};

/// What every kind says there; the rest is its own.
IndexHeader header_of(const VectorIndex& index, std::uint64_t stamp);

/// Takes a file of an index away, with what is left of writers of it that did not get to their end. What is
/// not there is no error.
void remove_index_file(const std::string& file);

/// Writes FILE.XXXXXX.new, a name of its own, and puts it in the place of FILE: any thread or process may be
/// at it, too, and who commits last stays. Blocks.
class IndexFileWriter {
 public:
  /// `give_up`: requested, and write() and commit() end with cancelled.
  explicit IndexFileWriter(std::stop_token give_up = {}) : give_up_(std::move(give_up)) {}
  /// Takes back what was not committed.
  ~IndexFileWriter();
  IndexFileWriter(const IndexFileWriter&) = delete;
  IndexFileWriter& operator=(const IndexFileWriter&) = delete;

  /// Takes away what writers left that died. Errors, of all: store (disk), cancelled.
  Result<> begin(const std::string& file, const IndexHeader& header);
  Result<> write(std::span<const std::byte> part);
  template <class T>
  Result<> write(std::span<const T> part) {
    return write(std::as_bytes(part));
  }
  /// Only the data is synced: when the name is lost with the power, the earlier file has another stamp.
  Result<> commit();

 private:
  Result<> put(std::span<const std::byte> bytes);
  Result<> sync();

  std::stop_token give_up_;
  std::string file_;
  std::string temporary_;
  int fd_ = -1;
  std::size_t unsynced_ = 0;  // bytes
  unsigned long checksum_ = 0;
};

/// Reads what IndexFileWriter wrote. Nothing that was read is to be believed before finish(); sizes are: they
/// were compared with the size of the file. Any thread; blocks.
class IndexFileReader {
 public:
  IndexFileReader() = default;
  ~IndexFileReader();
  IndexFileReader(const IndexFileReader&) = delete;
  IndexFileReader& operator=(const IndexFileReader&) = delete;

  /// Errors: not_found, store (disk), invalid (no such file, or a damaged one), conflict (of another version
  /// of this program).
  Result<IndexHeader> begin(const std::string& file);
  /// Fills `part`. Errors: store (disk), invalid (the body ends before).
  Result<> read(std::span<std::byte> part);
  template <class T>
  Result<> read(std::span<T> part) {
    return read(std::as_writable_bytes(part));
  }
  /// Errors: store (disk), invalid (something of the body was not read, or the checksum is another).
  Result<> finish();
  /// What is invalid: "FILE: `what`; …".
  std::unexpected<Error> damaged(const std::string& what) const;

 private:
  Result<> get(std::span<std::byte> bytes);

  std::string file_;
  int fd_ = -1;
  std::uint64_t left_ = 0;  // of the body
  unsigned long checksum_ = 0;
};

}  // namespace troupe::memory
