#include "tests/memory/chunkers/chunk_checks.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe::memory;
using testing::broken_promise;
using testing::cut;

namespace {

struct Case {
  const char* about;
  std::string_view text;
  std::size_t size, overlap;
  std::string_view chunks;
};

constexpr std::string_view kFamily = "👨‍👩‍👧‍👦";  // 7 code points, 25 bytes

const Case kCases[] = {
    {"paragraphs are packed", "One.\n\nTwo.\n\nThree.", 10, 0, "One.\n\nTwo.|Three."},
    {"a line of blanks parts paragraphs", "One.\n  \nTwo.", 6, 0, "One.|Two."},
    {"then lines", "one\ntwo\nthree\n\nfour", 8, 0, "one\ntwo|three|four"},
    {"then sentences", "It is. It was so. Yes.", 12, 0, "It is.|It was so.|Yes."},
    {"then words, with their commas", "one, two, three", 9, 0, "one, two,|three"},
    {"a bracket stays with its word", "see (a note) there", 8, 0, "see (a|note)|there"},
    {"then characters", "abcdefgh", 3, 0, "abc|def|gh"},
    {"overlap is of whole words", "alpha beta gamma delta", 11, 6, "alpha beta|beta gamma|gamma delta"},
    {"a word longer than the overlap does not overlap", "alpha beta gamma", 10, 3, "alpha beta|gamma"},
    {"overlap is of whole paragraphs", "a\n\nb\n\ncc", 5, 1, "a\n\nb|b\n\ncc"},
    {"overlap leaves room for what is new", "aa bb cccccc", 7, 5, "aa bb|cccccc"},
    {"an abbreviation ends no sentence", "I saw Dr. Kim. He left.", 15, 0, "I saw Dr. Kim.|He left."},
    {"Korean by words", "한국어를 배우는 사람들", 8, 0, "한국어를 배우는|사람들"},
    {"Korean by sentences", "비가 온다. 눈이 온다.", 8, 0, "비가 온다.|눈이 온다."},
    {"Japanese by sentences", "雨が降る。雪が降る。", 6, 0, "雨が降る。|雪が降る。"},
    {"Japanese by words", "私は東京に行きます", 6, 0, "私は東京に|行きます"},
    {"Chinese by words", "我们在北京大学学习", 4, 0, "我们在|北京大学|学习"},
    {"Thai by words", "สวัสดีครับผมชื่อ", 10, 0, "สวัสดีครับ|ผมชื่อ"},
    {"accents stay on their letters", "e\u0301e\u0301e\u0301", 3, 0, "e\u0301|e\u0301|e\u0301"},
    {"a blank that carries an accent is no blank", "ab \u0301cd", 4, 0, "ab \u0301|cd"},
    {"flags", "🇰🇷🇯🇵🇨🇳", 5, 0, "🇰🇷🇯🇵|🇨🇳"},
};

ChunkSettings recursive(std::size_t size, std::size_t overlap) {
  return {.by = "recursive", .size = size, .overlap = overlap};
}

}  // namespace

TEST_CASE("a text is cut at the strongest breaks that fit") {
  for (const Case& one : kCases) {
    CAPTURE(std::string(one.about));
    CHECK(cut(one.text, recursive(one.size, one.overlap)) == one.chunks);
    CHECK(broken_promise({.text = std::string(one.text)}, recursive(one.size, one.overlap)) == "");
  }
}

TEST_CASE("a family of emoji is one character until it is longer than a chunk may be") {
  const std::string two = std::string(kFamily) + std::string(kFamily);
  CHECK(cut(two, recursive(13, 0)) == std::string(kFamily) + "|" + std::string(kFamily));
  CHECK(cut(two, recursive(14, 0)) == two);
  CHECK(cut(kFamily, recursive(6, 0)) == "👨‍👩‍👧‍|👦");
  CHECK(broken_promise({.text = two}, recursive(6, 2)) == "");
}

// What LangChain's RecursiveCharacterTextSplitter 1.1.3 makes of these texts was looked up by running it.
// Ours departs from it in four things, each on purpose:
//   The separator in front of a piece counts there, for size and overlap, though it is stripped in the end;
//   here a chunk is measured as it is, so that it may hold a word more, or overlap by one. There a piece of
//   exactly the size is cut further ("baz" of 3); here it fits. Between line and word there are sentences.
//   There a line of blanks only is a paragraph's end where it is empty.
TEST_CASE("chunks are those that users of LangChain know, but for what is listed") {
  // There: Hi.|I'm|Harrison.|How? Are?|You?|Okay then|f f f f.|This is a|weird|text to|write,|but gotta|
  // test the|splitting|gggg|some how.|Bye!|-H.
  CHECK(cut("Hi.\n\nI'm Harrison.\n\nHow? Are? You?\nOkay then f f f f.\nThis is a weird text to write, but "
            "gotta "
            "test the splittingggg some how.\n\nBye!\n\n-H.",
            recursive(10, 1)) ==
        "Hi.|I'm|Harrison.|How? Are?|You?|Okay then|f f f f.|This is a|a weird|text to|write, but|gotta "
        "test|the|"
        "splittingg|ggg|some how.|Bye!\n\n-H.");
  // The same there.
  CHECK(cut("abcdefghijklmnopqrstuvwxyz", recursive(10, 3)) == "abcdefghij|hijklmnopq|opqrstuvwx|vwxyz");
  CHECK(cut("abcdefghijklmnopqrstuvwxyzabcdefg", recursive(26, 4)) ==
        "abcdefghijklmnopqrstuvwxyz|wxyzabcdefg");
  CHECK(cut("a b c d e f g h i j k l m n o p q r s t u v w x y z", recursive(26, 4)) ==
        "a b c d e f g h i j k l m|l m n o p q r s t u v w x|w x y z");
  // There: foo bar|baz|123. Its CharacterTextSplitter by words says what we do.
  CHECK(cut("foo bar baz 123", recursive(7, 3)) == "foo bar|bar baz|baz 123");
  // There: foo|ba|ar|ba|az|a|a.
  CHECK(cut("foo bar baz a a", recursive(3, 1)) == "foo|bar|baz|a a");
}
