#include "memory/knowledge/index/index_file.h"

#include "memory/knowledge/index/vector_indexes.h"
#include "tests/fakes/temp_dir.h"
#include "tests/memory/index/vectors.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stop_token>
#include <sys/stat.h>
#include <zlib.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

constexpr std::uint64_t kStamp = 0xABCD'0000'1234;
constexpr std::size_t kWidth = 3;
constexpr IndexKind kKinds[] = {IndexKind::flat, IndexKind::hnsw};

IndexSettings settings_of(IndexKind kind, Metric metric = Metric::l2) {
  return {.kind = kind, .metric = metric, .dimensions = kWidth, .hnsw = {.m = 4, .ef_construction = 10}};
}

/// With removed ones and with vectors that several have; graphs with links above the lowest level.
std::unique_ptr<VectorIndex> filled(const IndexSettings& settings, std::int64_t count) {
  auto index = make_index(settings, 0);
  REQUIRE(index);
  testing::Clusters clusters(settings.dimensions, 5, 77);
  for (std::int64_t id = 0; id < count; ++id) REQUIRE((*index)->put(id, clusters.next()));
  const std::vector<float> shared(settings.dimensions, 0.25f);
  for (std::int64_t id = 1; id < count; id += 5) REQUIRE((*index)->put(id, shared));
  for (std::int64_t id = 0; id < count; id += 7) (*index)->remove(id);
  return std::move(*index);
}

void check_same(const VectorIndex& a, const VectorIndex& b) {
  CHECK(a.size() == b.size());
  CHECK(a.kind() == b.kind());
  testing::Clusters clusters(a.dimensions(), 5, 77);
  for (int i = 0; i < 20; ++i) {
    const auto query = clusters.next();
    const auto one = a.nearest(query, 9, nullptr), other = b.nearest(query, 9, nullptr);
    REQUIRE(one);
    REQUIRE(other);
    CHECK(*one == *other);
  }
}

std::ptrdiff_t entries(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), {});
}

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// Bytes with the checksum they should have: damage that only a look at what is said can find.
std::string sealed(std::string bytes) {
  const auto checksum = static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size() - 4));
  std::memcpy(bytes.data() + bytes.size() - 4, &checksum, 4);
  return bytes;
}
template <class T>
std::string with(std::string bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
  return bytes;
}
constexpr std::size_t kHeader = 8;  // after the magic
constexpr std::size_t kBody = kHeader + sizeof(IndexHeader);
template <class T>
std::size_t place(T IndexHeader::* member) {
  const IndexHeader header;
  return kHeader + static_cast<std::size_t>(reinterpret_cast<const char*>(&(header.*member)) -
                                            reinterpret_cast<const char*>(&header));
}

ErrorCode error(const std::string& file, const IndexSettings& settings, std::uint64_t stamp = kStamp) {
  const auto loaded = load_index(file, settings, stamp);
  REQUIRE_FALSE(loaded);
  CHECK_FALSE(loaded.error().message.empty());
  return loaded.error().code;
}

struct Saved {
  explicit Saved(IndexKind kind, std::int64_t count = 25)
      : file((folder.path() / "vectors.index").string()), settings(settings_of(kind)) {
    index = filled(settings, count);
    REQUIRE(index->save(file, kStamp));
  }
  fakes::TempDir folder;
  std::string file;
  IndexSettings settings;
  std::unique_ptr<VectorIndex> index;
};

}  // namespace

TEST_CASE("an index comes back from its file as it was, and goes on") {
  for (const IndexKind kind : kKinds) {
    for (const Metric metric : {Metric::cosine, Metric::inner_product, Metric::l2}) {
      for (const std::int64_t count : {0, 1, 2, 200, 2'600}) {
        CAPTURE(count);
        fakes::TempDir folder;
        const std::string file = folder.path() / "vectors.index";
        const auto settings = settings_of(kind, metric);
        if (count > 1'000 && metric != Metric::l2) continue;
        const auto index = filled(settings, count);
        REQUIRE(index->save(file, kStamp));
        auto loaded = load_index(file, settings, kStamp);
        REQUIRE(loaded);
        check_same(*index, **loaded);
        for (std::int64_t id = 3; id < count + 30; ++id) {
          const std::vector<float> vector{1, static_cast<float>(id % 17), static_cast<float>(id % 5)};
          if (id % 3 == 0)
            (*loaded)->remove(id);
          else if (id < 20 || id > count)
            REQUIRE((*loaded)->put(id, vector));
        }
        REQUIRE((*loaded)->nearest(std::vector<float>{1, 2, 3}, 5, nullptr));
      }
    }
  }
}

TEST_CASE("a file is its owner's, replaces the one before, and leaves nothing else behind") {
  Saved saved(IndexKind::flat);
  REQUIRE(saved.index->put(1'000, std::vector<float>{1, 2, 3}));
  REQUIRE(saved.index->save(saved.file, kStamp + 1));
  struct stat status{};
  REQUIRE(::stat(saved.file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(entries(saved.folder.path()) == 1);
  auto loaded = load_index(saved.file, saved.settings, kStamp + 1);
  REQUIRE(loaded);
  check_same(*saved.index, **loaded);
}

TEST_CASE("a file that cannot be written is an error, and leaves nothing behind") {
  Saved saved(IndexKind::hnsw);
  const auto nowhere = saved.index->save((saved.folder.path() / "none" / "file").string(), kStamp);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code == ErrorCode::store);
  std::filesystem::create_directory(saved.folder.path() / "taken");
  const auto taken = saved.index->save((saved.folder.path() / "taken").string(), kStamp);
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code == ErrorCode::store);
  CHECK(entries(saved.folder.path()) == 2);  // it, and the file
}

TEST_CASE("a file that is given up is not written, and the one before stays") {
  for (const IndexKind kind : kKinds) {
    Saved saved(kind);
    std::stop_source stop;
    stop.request_stop();
    const auto given_up = saved.index->save(saved.file, kStamp + 1, stop.get_token());
    REQUIRE_FALSE(given_up);
    CHECK(given_up.error().code == ErrorCode::cancelled);
    CHECK(load_index(saved.file, saved.settings, kStamp));
    CHECK(entries(saved.folder.path()) == 1);
  }
}

TEST_CASE("two writers of one file have a file each, and what a dead one left is taken away") {
  Saved saved(IndexKind::flat);
  const IndexHeader header{.kind = 0, .metric = 0, .dimensions = 3, .stamp = 1, .rows = 0, .body = 8};
  const std::vector<std::uint64_t> word{7};
  auto write = [&](IndexFileWriter& writer) {
    REQUIRE(writer.begin(saved.file, header));
    REQUIRE(writer.write(std::span<const std::uint64_t>(word)));
  };
  IndexFileWriter one;
  write(one);
  {
    IndexFileWriter other;
    write(other);
    CHECK(entries(saved.folder.path()) == 3);
  }  // not committed
  IndexFileWriter third;
  write(third);
  REQUIRE(one.commit());
  CHECK(load_index(saved.file, saved.settings, 1).error().code != ErrorCode::not_found);
  REQUIRE(third.commit());
  CHECK(entries(saved.folder.path()) == 1);

  std::ofstream(saved.file + ".a1B2c3.new") << "half of an index";
  std::ofstream(saved.folder.path() / "another.index.a1B2c3.new") << "not of this one";
  IndexFileWriter living;
  write(living);
  CHECK_FALSE(std::filesystem::exists(saved.file + ".a1B2c3.new"));
  CHECK(entries(saved.folder.path()) == 3);
  remove_index_file(saved.file);
  CHECK(entries(saved.folder.path()) == 2);  // nobody takes the file of who is at it
}

TEST_CASE("a file of something else is a conflict, and none is not found") {
  for (const IndexKind kind : kKinds) {
    Saved saved(kind);
    CHECK(error(saved.file + "x", saved.settings) == ErrorCode::not_found);
    CHECK(error(saved.file, saved.settings, kStamp + 1) == ErrorCode::conflict);
    auto other = saved.settings;
    other.metric = Metric::cosine;
    CHECK(error(saved.file, other) == ErrorCode::conflict);
    other = saved.settings;
    other.dimensions = 4;
    CHECK(error(saved.file, other) == ErrorCode::conflict);
    CHECK(error(saved.file, settings_of(kind == IndexKind::flat ? IndexKind::hnsw : IndexKind::flat)) ==
          ErrorCode::conflict);
    write(saved.file, with(read(saved.file), place(&IndexHeader::version), std::uint32_t{2}));
    CHECK(error(saved.file, saved.settings) == ErrorCode::conflict);
  }
  Saved saved(IndexKind::hnsw);
  auto other = saved.settings;
  other.hnsw.m = 5;
  CHECK(error(saved.file, other) == ErrorCode::conflict);
  other = saved.settings;
  other.hnsw.ef_construction = 11;
  CHECK(error(saved.file, other) == ErrorCode::conflict);
  other = saved.settings;
  other.hnsw.ef = 50;  // how it is searched is no part of it
  other.kind = std::nullopt;
  CHECK(load_index(saved.file, other, kStamp));
  std::filesystem::remove(saved.file);
  std::filesystem::create_directory(saved.file);
  CHECK(error(saved.file, saved.settings) == ErrorCode::invalid);
}

TEST_CASE("whichever byte of a file is another, it is refused") {
  for (const IndexKind kind : kKinds) {
    Saved saved(kind, 9);
    const std::string whole = read(saved.file);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      CAPTURE(at);
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << at % 8);
      write(saved.file, bytes);
      const ErrorCode code = error(saved.file, saved.settings);
      CHECK((code == ErrorCode::invalid || code == ErrorCode::conflict));
    }
  }
}

TEST_CASE("a file that ends too early or too late is refused, wherever") {
  for (const IndexKind kind : kKinds) {
    Saved saved(kind, 9);
    const std::string whole = read(saved.file);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      write(saved.file, whole.substr(0, size));
      CHECK(error(saved.file, saved.settings) == ErrorCode::invalid);
    }
    write(saved.file, whole + '\0');
    CHECK(error(saved.file, saved.settings) == ErrorCode::invalid);
  }
}

TEST_CASE("sizes that a file only claims to have are refused, checksum or not") {
  for (const IndexKind kind : kKinds) {
    Saved saved(kind);
    const std::string whole = read(saved.file);
    for (const std::uint64_t size : {0ULL, 1ULL, 24ULL, 26ULL, 9'999'999ULL, 1ULL << 32, 1ULL << 61, ~0ULL}) {
      CAPTURE(size);
      for (const auto at : {place(&IndexHeader::rows), place(&IndexHeader::body), place(&IndexHeader::upper),
                            place(&IndexHeader::twins)}) {
        std::uint64_t own = 0;
        std::memcpy(&own, whole.data() + at, sizeof own);
        if (size == own || (kind == IndexKind::flat && at >= place(&IndexHeader::upper))) continue;
        CAPTURE(at);
        write(saved.file, sealed(with(whole, at, size)));
        CHECK(error(saved.file, saved.settings) == ErrorCode::invalid);
      }
    }
    for (const std::uint32_t kind_of_no_kind : {2u, ~0u}) {
      write(saved.file, sealed(with(whole, place(&IndexHeader::kind), kind_of_no_kind)));
      CHECK(error(saved.file, saved.settings) == ErrorCode::invalid);
    }
  }
}

TEST_CASE(
    "a file with a right checksum and any word of it wrong gives an error or an index, and nothing worse") {
  for (const IndexKind kind : kKinds) {
    Saved saved(kind, 12);
    const std::string whole = read(saved.file);
    std::size_t refused = 0;
    for (std::size_t at = kBody; at + 4 < whole.size(); at += 4) {
      for (const std::uint32_t word : {1u, 12u, 0x7FC0'0000u, ~0u}) {
        write(saved.file, sealed(with(whole, at, word)));
        auto loaded = load_index(saved.file, saved.settings, kStamp);
        refused += loaded ? 0 : 1;
        if (!loaded) continue;
        REQUIRE((*loaded)->nearest(std::vector<float>{1, 0, 2}, 30, nullptr));
        for (std::int64_t id = 0; id < 8; ++id) {
          // A graph may find out here that it makes no sense.
          if (!(*loaded)->put(id * 3, std::vector<float>{0.5f, 1, static_cast<float>(id)})) break;
          (*loaded)->remove(id + 5);
        }
      }
    }
    CHECK(refused > 0);
  }
}

TEST_CASE("a graph without a record has no entry, whatever its file says") {
  Saved saved(IndexKind::hnsw, 0);
  write(saved.file, sealed(with(read(saved.file), place(&IndexHeader::entry), 0xFF'FFFFu)));
  auto loaded = load_index(saved.file, saved.settings, kStamp);
  REQUIRE(loaded);
  REQUIRE((*loaded)->put(1, std::vector<float>{1, 0, 2}));
  const auto found = (*loaded)->nearest(std::vector<float>{1, 0, 2}, 3, nullptr);
  REQUIRE(found);
  CHECK(found->size() == 1);
}

TEST_CASE("a second id of a record beyond 32 bits is refused") {
  Saved saved(IndexKind::hnsw);
  const std::string whole = read(saved.file);
  IndexHeader header;
  std::memcpy(&header, whole.data() + kHeader, sizeof header);
  REQUIRE(header.twins > 0);
  const std::size_t twins = kBody + header.rows * sizeof(std::int64_t);
  std::int64_t record = 0;
  std::memcpy(&record, whole.data() + twins, sizeof record);
  for (const std::int64_t wrong : {record + (1LL << 32), record - (1LL << 32)}) {
    write(saved.file, sealed(with(whole, twins, wrong)));
    CHECK(error(saved.file, saved.settings) == ErrorCode::invalid);
  }
}
