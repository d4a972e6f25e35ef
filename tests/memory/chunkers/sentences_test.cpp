#include "memory/knowledge/chunkers/sentences.h"

#include "tests/memory/chunkers/chunk_checks.h"

#include <string>
#include <thread>

#include <doctest/doctest.h>

using namespace troupe::memory;
using testing::cut;

namespace {

std::string parted(std::string_view text) {
  std::string all;
  for (const auto& [begin, end] : sentences(text)) {
    if (!all.empty()) all += '|';
    all += text.substr(begin, end - begin);
  }
  return all;
}

struct Case {
  std::string_view text;
  std::string_view sentences;
};

const Case kCases[] = {
    {"", ""},
    {" \n\n ", ""},
    {"One. Two!  Three? ", "One.|Two!|Three?"},
    {"no end", "no end"},
    {"안녕하세요. 반갑습니다! 값은 3.14이다.좋다.", "안녕하세요.|반갑습니다!|값은 3.14이다.|좋다."},
    {"日本語です。次です！「行く。」終わり。", "日本語です。|次です！|「行く。」|終わり。"},
    {"你好。再见！", "你好。|再见！"},
    {"Привет! Как дела?", "Привет!|Как дела?"},
    {"يا سلام؟ نعم.", "يا سلام؟|نعم."},
    {"Dr. Kim met Mr. Lee. They left.", "Dr. Kim met Mr. Lee.|They left."},
    {"Dr. 김은 의사이다. 끝.", "Dr. 김은 의사이다.|끝."},
    {"J. K. Rowling wrote it. I read it.", "J. K. Rowling wrote it.|I read it."},
    {"See Fig. 3, e.g. This one (cf. Table 2). Done.", "See Fig. 3, e.g. This one (cf. Table 2).|Done."},
    {"At Acme Inc. Things change. UNESCO. Then.", "At Acme Inc. Things change.|UNESCO.|Then."},
    {"It left NATO. Then? Yes. No. On Jan. 5. Or in Jan. He saw No. 5. Plan etc. Then.",
     "It left NATO.|Then?|Yes.|No.|On Jan. 5.|Or in Jan.|He saw No. 5.|Plan etc.|Then."},
    {"Use node.js and v1.2.3. It works.", "Use node.js and v1.2.3.|It works."},
    {"1. Open it. 2. Close it.", "1. Open it.|2. Close it."},
    {"Really?! \"Yes.\" She left...", "Really?!|\"Yes.\"|She left..."},
    {"A text without end\n\nAnother one", "A text without end|Another one"},
    {"Title\nSome text.", "Title|Some text."},
    {"cut off in the\nmiddle of it. Yes.", "cut off in the\nmiddle of it.|Yes."},
    {"Done.\nthen", "Done.|then"},
    {"This line is as long as a line of a wrapped text would be\nWhen it goes on here.",
     "This line is as long as a line of a wrapped text would be\nWhen it goes on here."},
    {"이 줄은 줄바꿈된 글의 줄만큼 길어서 다음 줄로 이어지는\n문장이다. 끝.",
     "이 줄은 줄바꿈된 글의 줄만큼 길어서 다음 줄로 이어지는\n문장이다.|끝."},
    {"These are the steps that are to be taken, one by one:\n- open\n- close",
     "These are the steps that are to be taken, one by one:|- open|- close"},
};

}  // namespace

TEST_CASE("a text has the sentences a reader would tell") {
  for (const Case& one : kCases) {
    CAPTURE(one.text);
    CHECK(parted(one.text) == one.sentences);
  }
}

TEST_CASE("a sentence longer than what is read at once stays whole") {
  std::string text = "Short. ";
  for (int i = 0; i < 30'000; ++i) text += "Word ";
  text += "end. Short.";
  const auto found = sentences(text);
  REQUIRE(found.size() == 3);
  CHECK(found[1].second - found[1].first == 150'004);
}

TEST_CASE("where the text is read in turns no sentence begins in a word") {
  std::string text;
  while (text.size() < 300'000) text += "Dr. Kim said that 3.14 is π, and left. 그는 갔다. ";
  for (const auto& [begin, end] : sentences(text)) {
    const std::string_view one = std::string_view(text).substr(begin, end - begin);
    CHECK((one == "Dr. Kim said that 3.14 is π, and left." || one == "그는 갔다."));
  }
}

TEST_CASE("threads do not share iterators") {
  std::string first, second;
  std::thread other([&] {
    for (int i = 0; i < 200; ++i) first = parted("One. Two! Three?");
  });
  for (int i = 0; i < 200; ++i) second = parted("하나. 둘! 셋?");
  other.join();
  CHECK(first == "One.|Two!|Three?");
  CHECK(second == "하나.|둘!|셋?");
}

TEST_CASE("sentences are packed whole, and overlap in whole sentences") {
  const ChunkSettings settings{.by = "sentence", .size = 22, .overlap = 10};
  CHECK(cut("It is so. It was. It may be. Never ever again, my friend of old. Yes.", settings) ==
        "It is so. It was.|It was. It may be.|Never ever again, my|again, my friend of|friend of old.|Yes.");
  CHECK(cut("First.\n\nSecond\none. Third.", {.by = "sentence", .size = 19, .overlap = 0}) ==
        "First.\n\nSecond\none.|Third.");
}
