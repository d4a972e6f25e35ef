#include "agents/chains/packing.h"

#include <numeric>
#include <random>
#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

/// As a request would be: so much around, a token for each four bytes and three around each part.
struct Measure {
  const std::vector<std::string>& texts;
  std::int64_t around = 20;
  /// Texts that are put together have a token more for each pair: no sum of parts is right.
  bool worse = false;

  std::int64_t operator()(std::span<const TextPart> parts) const {
    std::int64_t sum = around;
    for (const TextPart& part : parts) sum += 3 + static_cast<std::int64_t>(part.end - part.begin + 3) / 4;
    if (worse && parts.size() > 1) sum += static_cast<std::int64_t>(parts.size() * parts.size());
    return sum;
  }
};

std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace

TEST_CASE("every request keeps to the room, and every byte is in one, in order, whatever the sizes") {
  std::mt19937 random(4711);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> texts(random() % 30);
    for (std::string& text : texts) {
      for (std::size_t i = random() % (round % 3 == 0 ? 3'000 : 200); i > 0; --i)
        text += random() % 7 == 0 ? " " : random() % 5 == 0 ? "어" : "x";
    }
    const Measure measure{texts, 20, round % 2 == 1};
    const auto room = static_cast<std::int64_t>(40 + random() % 400);
    const std::size_t most = random() % 4;

    const auto batches = pack_texts(views(texts), room, most, measure);

    REQUIRE(batches);
    std::vector<std::string> again(texts.size());
    std::size_t at = 0;
    for (const TextBatch& batch : *batches) {
      CHECK_FALSE(batch.empty());
      CHECK(measure(batch) <= room);
      if (most > 0) CHECK(batch.size() <= most);
      for (const TextPart& part : batch) {
        CHECK(part.text >= at);
        at = part.text;
        CHECK(part.begin == again[part.text].size());
        CHECK((part.end == texts[part.text].size() ||
               (static_cast<unsigned char>(texts[part.text][part.end]) & 0xC0) != 0x80));
        again[part.text] += texts[part.text].substr(part.begin, part.end - part.begin);
      }
    }
    CHECK(again == texts);
  }
}

TEST_CASE("as many texts as fit are one request") {
  const std::vector<std::string> texts(4, std::string(40, 'x'));  // 13 tokens each
  CHECK(pack_texts(views(texts), 20 + 52, 0, Measure{texts})->size() == 1);
  CHECK(pack_texts(views(texts), 20 + 51, 0, Measure{texts})->size() == 2);
  CHECK(pack_texts(views(texts), 1'000, 1, Measure{texts})->size() == 4);
  CHECK(pack_texts({}, 1'000, 0, Measure{texts})->empty());
}

TEST_CASE("a long text is divided at a blank where there is one") {
  const std::vector<std::string> texts{std::string(50, 'a') + " " + std::string(60, 'b')};
  const auto batches = pack_texts(views(texts), 20 + 3 + 18, 0, Measure{texts});
  REQUIRE(batches);
  REQUIRE(batches->size() == 2);
  CHECK(batches->front().front() == TextPart{0, 0, 51});
}

TEST_CASE("no room for one character is an error that says what to do") {
  const std::vector<std::string> texts{"어"};
  for (const std::int64_t room : {0, 20, 23}) {
    const auto none = pack_texts(views(texts), room, 0, Measure{texts});
    REQUIRE_FALSE(none);
    CHECK(none.error().code == ErrorCode::invalid);
    CHECK(none.error().message.contains("context"));
  }
  CHECK(pack_texts(views(texts), 24, 0, Measure{texts}).has_value());
}
