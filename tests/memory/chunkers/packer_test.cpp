#include "memory/knowledge/chunkers/packer.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

using namespace troupe::memory::chunkers;
using troupe::models::tokens::Encoding;
using enum troupe::models::tokens::EncodingName;

namespace {

/// Counts what is read.
class CountingRuler final : public Ruler {
 public:
  explicit CountingRuler(Ruler& ruler) : ruler_(ruler) {}
  bool fits(std::string_view text, std::size_t limit) override {
    read += text.size();
    return ruler_.fits(text, limit);
  }
  std::size_t head(std::string_view text, std::size_t limit) override {
    const std::size_t bytes = ruler_.head(text, limit);
    read += bytes;
    return bytes;
  }
  std::size_t tail(std::string_view text, std::size_t limit) override {
    const std::size_t bytes = ruler_.tail(text, limit);
    read += bytes;
    return bytes;
  }

  std::size_t read = 0;

 private:
  Ruler& ruler_;
};

/// Its heads and tails are off by up to `error` bytes, now here, now there, as those of tokens may be.
class NearRuler final : public Ruler {
 public:
  explicit NearRuler(std::ptrdiff_t error) : error_(error) {}
  bool fits(std::string_view text, std::size_t limit) override { return text.size() <= limit; }
  std::size_t head(std::string_view text, std::size_t limit) override { return near(text, limit); }
  std::size_t tail(std::string_view text, std::size_t limit) override { return near(text, limit); }

 private:
  std::size_t near(std::string_view text, std::size_t limit) {
    const auto bytes = static_cast<std::ptrdiff_t>(limit) + error_ * (calls_++ % 5 - 2) / 2;
    return std::min(text.size(), static_cast<std::size_t>(std::max<std::ptrdiff_t>(bytes, 0)));
  }

  std::ptrdiff_t error_;
  std::ptrdiff_t calls_ = 0;
};

}  // namespace

TEST_CASE("a ruler that is only near makes chunks that fit, ascend and leave nothing out") {
  const std::string text(60, 'x');
  for (std::ptrdiff_t error = -12; error <= 12; ++error)
    for (std::size_t length : {1, 3, 7, 10})
      for (std::size_t overlap : {0, 3, 9}) {
        CAPTURE(error);
        CAPTURE(length);
        CAPTURE(overlap);
        NearRuler ruler(error);
        std::vector<Span> chunks;
        Packer packer(text, text.size(), {ruler, 10, overlap}, chunks);
        for (std::size_t at = 0; at + length <= text.size(); at += length) packer.add({at, at + length});
        packer.finish();
        Span before{0, 0};
        for (const Span& chunk : chunks) {
          CHECK(chunk.size() <= 10);
          CHECK(chunk.end > before.end);
          CHECK((chunk.begin > before.begin || before.end == 0));
          CHECK(chunk.begin <= before.end);
          CHECK(before.end - chunk.begin <= overlap);
          before = chunk;
        }
        CHECK(before.end == text.size() / length * length);
      }
}

TEST_CASE("packing reads each byte a few times, however many pieces there are") {
  std::string text;
  std::vector<Span> pieces;
  for (int i = 0; i < 40'000; ++i) {
    pieces.push_back({text.size(), text.size() + 1 + static_cast<std::size_t>(i % 3)});
    text += std::string(1 + static_cast<std::size_t>(i % 3), 'a') + ' ';
  }
  const auto tokens = encoding_ruler(Encoding::get(o200k_base));
  const auto characters = code_point_ruler();
  for (Ruler* ruler : {tokens.get(), characters.get()})
    for (std::size_t overlap : {0, 50}) {
      CountingRuler counting(*ruler);
      std::vector<Span> chunks;
      Packer packer(text, text.size(), {counting, 200, overlap}, chunks);
      for (const Span& piece : pieces) packer.add(piece);
      packer.finish();
      CHECK(chunks.size() > 100);
      CHECK(counting.read < 6 * text.size());
    }
}
