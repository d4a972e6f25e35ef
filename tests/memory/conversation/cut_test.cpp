#include "memory/conversation/cut.h"

#include "models/token_estimate.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

std::int64_t bytes_of(std::string_view text) {
  return static_cast<std::int64_t>(text.size());
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t bytes = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 0;
    if (bytes == 0 || at + bytes > text.size()) return false;
    for (std::size_t i = 1; i < bytes; ++i)
      if ((static_cast<unsigned char>(text[at + i]) & 0xC0) != 0x80) return false;
    at += bytes;
  }
  return true;
}

}  // namespace

TEST_CASE("a text that is too long keeps its beginning and end, and says how much is gone") {
  const std::string text = "begin " + std::string(1000, 'x') + " end";

  const std::string cut = shortened(text, cut_to(text, 0, bytes_of, 100));

  CHECK(cut.size() <= 100);
  CHECK(cut.size() > 90);
  CHECK(cut.starts_with("begin "));
  CHECK(cut.ends_with(" end"));
  CHECK(cut.contains(" characters left out …]"));
}

TEST_CASE("a cut falls between characters, whatever the room, and counts them") {
  std::string text;
  for (int i = 0; i < 500; ++i) text += i % 3 ? "가나" : "a€😀";
  for (std::int64_t room = 0; room < 300; ++room) {
    const std::string cut = shortened(text, cut_to(text, 0, bytes_of, room));
    CHECK(is_utf8(cut));
    if (room >= 50) CHECK(bytes_of(cut) <= room);
  }
  CHECK(shortened("가나다라", {.head = 3, .tail = 3}) == "가\n[… 2 characters left out …]\n라");
}

TEST_CASE("the end that must stay does, also where there is no room for it") {
  const std::string text = std::string(1000, 'x') + "[not answered]";

  CHECK(shortened(text, cut_to(text, 14, bytes_of, 200)).ends_with("[not answered]"));
  CHECK(shortened(text, cut_to(text, 14, bytes_of, 1)).ends_with("[not answered]"));
  CHECK(shortened(text, cut_to(text, 14, bytes_of, -5)).ends_with("[not answered]"));
}

TEST_CASE("a cut that is not one of the text leaves it whole") {
  CHECK(shortened("abc", {.head = 2, .tail = 1}) == "abc");
  CHECK(shortened("abc", {.head = 99, .tail = 99}) == "abc");
  CHECK(shortened("", {.head = 0, .tail = 0}) == "");
}

TEST_CASE("sentences are kept whole where one fits, else characters") {
  const std::string text = "One is here. Two is 3.5 long! 셋은 여기. Four";

  CHECK(text.substr(0, whole_sentences(text, bytes_of, 1000)) == text);
  CHECK(text.substr(0, whole_sentences(text, bytes_of, 31)) == "One is here. Two is 3.5 long!");
  CHECK(text.substr(0, whole_sentences(text, bytes_of, 20)) == "One is here.");
  CHECK(text.substr(0, whole_sentences(text, bytes_of, 5)) == "One i");
  CHECK(whole_sentences(text, bytes_of, 0) == 0);
  CHECK(whole_sentences("가나다", bytes_of, 4) == 3);
  CHECK(whole_sentences("", bytes_of, 10) == 0);
}

TEST_CASE("a text of megabytes is measured in parts of what fits") {
  const std::string text(2u << 20, 'x');
  std::size_t measured = 0;
  const auto counting = [&](std::string_view part) {
    measured += part.size();
    return models::estimate_tokens(part);
  };

  const std::string cut = shortened(text, cut_to(text, 0, counting, 100));

  CHECK(models::estimate_tokens(cut) <= 100);
  CHECK(measured < 64'000);
}
