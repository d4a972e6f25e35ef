#include "memory/knowledge/search/expansion.h"

#include <random>

#include <doctest/doctest.h>

using namespace troupe::memory;

namespace {

/// Chunks of a text by their places.
std::vector<StoredChunk> cut(std::string_view text,
                             std::initializer_list<std::pair<std::size_t, std::size_t>> places) {
  std::vector<StoredChunk> chunks;
  for (auto [begin, end] : places) {
    const std::size_t ordinal = chunks.size();
    chunks.push_back({.id = static_cast<std::int64_t>(100 + ordinal),
                      .document = 1,
                      .ordinal = ordinal,
                      .begin = begin,
                      .end = end,
                      .page = static_cast<int>(ordinal + 1),
                      .text = std::string(text.substr(begin, end - begin))});
  }
  return chunks;
}

Hit hit(const StoredChunk& chunk, double score = 1) {
  Hit one = hit_of(chunk);
  one.score = score;
  return one;
}

std::vector<StoredChunk> part(const std::vector<StoredChunk>& chunks, const ChunkRange& range) {
  std::vector<StoredChunk> out;
  for (const StoredChunk& chunk : chunks)
    if (chunk.ordinal >= range.first && chunk.ordinal <= range.last) out.push_back(chunk);
  return out;
}

constexpr std::string_view kText = "aaaa bbbb cccc dddd eeee ffff";

}  // namespace

TEST_CASE("what chunks share stands once, blanks between them are a line break") {
  const auto chunks = cut(kText, {{0, 9}, {5, 14}, {15, 24}, {25, 29}});
  const std::vector<Hit> hits{hit(chunks[1])};
  const ChunkRange range = neighbours(hits[0], 0, 1);
  CHECK(range == ChunkRange{1, 0, 2, {0}});
  const Hit found = expanded(hits, range, part(chunks, range));
  CHECK(found.text == "aaaa bbbb cccc\ndddd eeee");
  CHECK(found.begin == 0);
  CHECK(found.end == 24);
  CHECK(found.chunk == 101);
  CHECK(found.page == 1);
  CHECK(found.pieces == std::vector<Piece>{{0, 14, 0}, {15, 24, 15}});
  CHECK(found.merged.empty());
}

TEST_CASE("neighbours end with the document") {
  const auto chunks = cut(kText, {{0, 9}, {5, 14}});
  const std::vector<Hit> hits{hit(chunks[0])};
  const ChunkRange range = neighbours(hits[0], 0, 5);
  CHECK(range.first == 0);
  CHECK(expanded(hits, range, part(chunks, range)).text == "aaaa bbbb cccc");
}

TEST_CASE("hits that touch become one in the place of the better") {
  const auto chunks = cut(kText, {{0, 4}, {5, 9}, {10, 14}, {15, 19}, {20, 24}, {25, 29}});
  const std::vector<Hit> hits{hit(chunks[5], 9), hit(chunks[3], 8), hit(chunks[0], 7)};
  std::vector<ChunkRange> ranges;
  for (std::size_t i = 0; i < hits.size(); ++i) ranges.push_back(neighbours(hits[i], i, 1));
  CHECK(joined(ranges) == std::vector<ChunkRange>{{1, 0, 6, {0, 1, 2}}});
  const Hit all = expanded(hits, joined(ranges)[0], chunks);
  CHECK(all.chunk == 105);
  CHECK(all.score == 9);
  CHECK(all.merged == std::vector<std::int64_t>{103, 100});
  CHECK(all.text == "aaaa\nbbbb\ncccc\ndddd\neeee\nffff");

  ranges = {neighbours(hits[0], 0, 0), neighbours(hits[1], 1, 0), neighbours(hits[2], 2, 0)};
  CHECK(joined(ranges).size() == 3);
  CHECK(joined(ranges)[0].hits == std::vector<std::size_t>{0});
  ranges[1].document = 2, ranges[1].first = 4;
  CHECK(joined(ranges).size() == 3);
  CHECK(joined({}).empty());
}

TEST_CASE("a chunk that is missing leaves a mark, one inside of another nothing") {
  auto chunks = cut(kText, {{0, 9}, {5, 9}, {10, 14}, {15, 19}});
  const std::vector<Hit> hits{hit(chunks[0])};
  CHECK(expanded(hits, {1, 0, 3, {0}}, chunks).text == "aaaa bbbb\ncccc\ndddd");
  chunks.erase(chunks.begin() + 2);
  CHECK(expanded(hits, {1, 0, 3, {0}}, chunks).text == "aaaa bbbb … dddd");
  CHECK(expanded(hits, {1, 0, 3, {0}}, {}).text == "aaaa bbbb");
}

TEST_CASE("the parent is as much of the document as fits") {
  const auto chunks = cut(kText, {{0, 4}, {5, 9}, {10, 14}, {15, 19}, {20, 24}, {25, 29}});
  const Hit found = hit(chunks[2]);
  const auto range = [&](std::size_t characters) {
    const ChunkRange r = parent(found, 0, chunks, characters);
    return std::pair(r.first, r.last);
  };
  CHECK(range(1) == std::pair<std::size_t, std::size_t>{2, 2});
  CHECK(range(7) == std::pair<std::size_t, std::size_t>{2, 2});
  CHECK(range(8) == std::pair<std::size_t, std::size_t>{1, 2});
  CHECK(range(12) == std::pair<std::size_t, std::size_t>{1, 3});
  CHECK(range(16) == std::pair<std::size_t, std::size_t>{0, 3});
  CHECK(range(20) == std::pair<std::size_t, std::size_t>{0, 4});
  CHECK(range(1000) == std::pair<std::size_t, std::size_t>{0, 5});
}

TEST_CASE("growth counts characters, what is shared once, and ends at a hole") {
  const auto korean = cut("가나다라마바사아", {{0, 12}, {6, 18}, {12, 24}});
  CHECK(parent(hit(korean[0]), 0, korean, 6) == ChunkRange{1, 0, 1, {0}});
  CHECK(parent(hit(korean[0]), 0, korean, 8) == ChunkRange{1, 0, 2, {0}});
  CHECK(parent(hit(korean[2]), 0, korean, 6) == ChunkRange{1, 1, 2, {0}});

  auto holed = cut(kText, {{0, 4}, {5, 9}, {10, 14}, {15, 19}});
  const Hit last = hit(holed[3]);
  holed.erase(holed.begin() + 1);
  CHECK(parent(last, 0, holed, 1000) == ChunkRange{1, 2, 3, {0}});
  CHECK(parent(last, 0, {}, 1000) == ChunkRange{1, 3, 3, {0}});
}

TEST_CASE("every byte of what was put together is where its piece says") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::string text;
    for (int i = 0; i < 300; ++i) text += static_cast<char>('a' + random() % 26);
    std::vector<StoredChunk> chunks;
    for (std::size_t begin = 0, end = 0; begin + 5 < text.size();) {
      end = std::min(text.size(), std::max(end, begin) + 1 + random() % 40);
      chunks.push_back({.id = 1,
                        .document = 1,
                        .ordinal = chunks.size(),
                        .begin = begin,
                        .end = end,
                        .text = text.substr(begin, end - begin)});
      begin = random() % 3 ? std::max(begin + 1, end - std::min<std::size_t>(end, random() % 20))
                           : end + random() % 4;
    }
    const std::vector<Hit> hits{hit(chunks[random() % chunks.size()])};
    const ChunkRange range =
        random() % 2 ? neighbours(hits[0], 0, random() % 5) : parent(hits[0], 0, chunks, random() % 200);
    const auto own = part(chunks, range);
    const Hit found = expanded(hits, range, own);
    std::size_t covered = 0;
    for (const Piece& piece : found.pieces) {
      REQUIRE(found.text.substr(piece.at, piece.end - piece.begin) ==
              text.substr(piece.begin, piece.end - piece.begin));
      REQUIRE(piece.begin >= covered);
      covered = piece.end;
    }
    for (const StoredChunk& chunk : own) {
      bool inside = false;
      for (const Piece& piece : found.pieces) inside |= piece.begin <= chunk.begin && chunk.end <= piece.end;
      REQUIRE(inside);
    }
  }
}
