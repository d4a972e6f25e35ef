#include "memory/knowledge/search/expansion.h"

#include "memory/knowledge/search/extract.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace troupe::memory {

namespace {

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Grows from a chunk in both directions while there is room.
class Growth {
 public:
  Growth(std::span<const StoredChunk> chunks, std::size_t at, std::size_t room)
      : chunks_(chunks), first_(at), last_(at), begin_(chunks[at].begin), end_(chunks[at].end), room_(room) {}

  void grow() {
    bool up = true, down = true;
    while (up || down) {
      const bool takes_before = up && (!down || before_ <= after_);
      (takes_before ? up : down) = takes_before ? take_before() : take_after();
    }
  }
  std::size_t first() const { return first_; }
  std::size_t last() const { return last_; }

 private:
  bool take_before() {
    if (first_ == 0 || chunks_[first_ - 1].ordinal + 1 != chunks_[first_].ordinal) return false;
    const StoredChunk& chunk = chunks_[first_ - 1];
    const std::size_t fresh = begin_ > chunk.begin ? begin_ - chunk.begin : 0;
    if (!takes(characters_in(std::string_view(chunk.text).substr(0, fresh)), before_)) return false;
    begin_ = std::min(begin_, chunk.begin);
    --first_;
    return true;
  }
  bool take_after() {
    if (last_ + 1 == chunks_.size() || chunks_[last_].ordinal + 1 != chunks_[last_ + 1].ordinal) return false;
    const StoredChunk& chunk = chunks_[last_ + 1];
    const std::size_t known = end_ > chunk.begin ? end_ - chunk.begin : 0;
    if (!takes(characters_in(std::string_view(chunk.text).substr(std::min(known, chunk.text.size()))),
               after_))
      return false;
    end_ = std::max(end_, chunk.end);
    ++last_;
    return true;
  }
  bool takes(std::size_t characters, std::size_t& side) {
    if (characters > room_) return false;
    room_ -= characters;
    side += characters;
    return true;
  }

  std::span<const StoredChunk> chunks_;
  std::size_t first_, last_;
  std::size_t begin_, end_;
  std::size_t room_;
  std::size_t before_ = 0, after_ = 0;
};

/// Chunks put together by their places.
class Stitching {
 public:
  void add(const StoredChunk& chunk) {
    if (pieces_.empty()) return start(chunk, chunk.begin);
    Piece& last = pieces_.back();
    if (chunk.end <= last.end) return note(chunk);
    if (chunk.begin > last.end) {
      text_ += chunk.ordinal == ordinal_ + 1 ? std::string_view("\n") : kGap;
      return start(chunk, chunk.begin);
    }
    const std::string_view fresh = std::string_view(chunk.text).substr(last.end - chunk.begin);
    text_ += fresh;
    last.end += fresh.size();
    note(chunk);
  }
  std::string text_;
  std::vector<Piece> pieces_;

 private:
  void start(const StoredChunk& chunk, std::size_t begin) {
    pieces_.push_back({begin, begin + chunk.text.size(), text_.size()});
    text_ += chunk.text;
    note(chunk);
  }
  void note(const StoredChunk& chunk) { ordinal_ = chunk.ordinal; }

  std::size_t ordinal_ = 0;
};

}  // namespace

ChunkRange neighbours(const Hit& hit, std::size_t place, std::size_t count) {
  return {hit.document, hit.ordinal - std::min(count, hit.ordinal), hit.ordinal + count, {place}};
}

ChunkRange parent(const Hit& hit, std::size_t place, std::span<const StoredChunk> chunks,
                  std::size_t characters) {
  const auto own = std::ranges::find(chunks, hit.ordinal, &StoredChunk::ordinal);
  if (own == chunks.end()) return neighbours(hit, place, 0);
  const std::size_t used = characters_in(own->text);
  Growth growth(chunks, static_cast<std::size_t>(own - chunks.begin()),
                characters > used ? characters - used : 0);
  growth.grow();
  return {hit.document, chunks[growth.first()].ordinal, chunks[growth.last()].ordinal, {place}};
}

std::vector<ChunkRange> joined(std::vector<ChunkRange> ranges) {
  std::ranges::sort(ranges, [](const ChunkRange& a, const ChunkRange& b) {
    return std::pair(a.document, a.first) < std::pair(b.document, b.first);
  });
  std::vector<ChunkRange> out;
  for (ChunkRange& range : ranges) {
    if (out.empty() || out.back().document != range.document || range.first > out.back().last + 1) {
      out.push_back(std::move(range));
      continue;
    }
    out.back().last = std::max(out.back().last, range.last);
    out.back().hits.insert(out.back().hits.end(), range.hits.begin(), range.hits.end());
  }
  for (ChunkRange& range : out) std::ranges::sort(range.hits);
  std::ranges::sort(out, {}, [](const ChunkRange& range) { return range.hits.front(); });
  return out;
}

Hit expanded(std::span<const Hit> hits, const ChunkRange& range, std::span<const StoredChunk> chunks) {
  Hit hit = hits[range.hits.front()];
  for (std::size_t i = 1; i < range.hits.size(); ++i) hit.merged.push_back(hits[range.hits[i]].chunk);
  Stitching stitching;
  for (const StoredChunk& chunk : chunks) stitching.add(chunk);
  if (stitching.pieces_.empty()) return hit;
  hit.text = std::move(stitching.text_);
  hit.pieces = std::move(stitching.pieces_);
  hit.begin = hit.pieces.front().begin;
  hit.end = hit.pieces.back().end;
  hit.page = chunks.front().page;
  hit.heading = chunks.front().heading;
  return hit;
}

}  // namespace troupe::memory
