// What `builtin` does with questions as people ask them, and with what its tools then observe.
#include "tests/models/builtin/conversation.h"

#include <string_view>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

namespace {

std::vector<ToolDeclaration> all_tools() {
  return {calculator(), wiki(), web(), clock_tool()};
}

std::string answer_of(const Json& step) {
  return string_or(step, "final_answer");
}

struct Row {
  const char* question;
  const char* tool;   ///< "": answered at once
  const char* holds;  ///< in the call's input, or in the answer
};

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    CAPTURE(row.question);
    const Json step = converse(row.question, all_tools());
    CHECK(string_or(step, "action") == row.tool);
    const std::string given = *row.tool ? step.value("action_input", Json::object()).dump() : answer_of(step);
    CAPTURE(given);
    CHECK(given.contains(row.holds));
  }
}

constexpr const char* kSeoul =
    "Seoul — https://en.wikipedia.org/wiki/Seoul\n"
    "Seoul, officially Seoul Special Metropolitan City, is the capital and largest city of South Korea. The "
    "city has a "
    "population of 9.6 million people. Seoul was founded in 18 BC by the people of Baekje.\n\n"
    "Sections: History; Geography\nOther pages: Seoul Station";

constexpr const char* kKing =
    "세종 — https://ko.wikipedia.org/wiki/세종\n"
    "세종은 조선의 제4대 국왕이다. 1418년부터 1450년까지 재위하였다. 훈민정음을 창제하였다.\n\n"
    "Sections: 생애; 업적";

constexpr const char* kResults =
    "1. Boost.Asio release notes\nhttps://www.boost.org/asio/notes\nBoost.Asio is a cross-platform C++ "
    "library "
    "for network "
    "programming that was written by Christopher Kohlhoff. It was first released in 2003.\n\n"
    "2. Asio on other sites\nhttps://example.com/asio\nA page about something else entirely.";

}  // namespace

TEST_CASE("arithmetic goes to the calculator, however it is asked in English") {
  check({
      {"what is 15 times 23?", "calculator", "15 * 23"},
      {"Compute 7! please", "calculator", "7!"},
      {"How much is 12.5% of 640?", "calculator", "12.5% of 640"},
      {"calculate (3 + 5) * 12 / 4", "calculator", "(3 + 5) * 12 / 4"},
      {"What's the square root of 2?", "calculator", "sqrt(2)"},
      {"2 to the power of 64", "calculator", "2^64"},
      {"What is 1000 minus 367?", "calculator", "1000 - 367"},
      {"What is 81 divided by 9 plus 1?", "calculator", "81 / 9 + 1"},
      {"please work out 3.5 * 2.2", "calculator", "3.5 * 2.2"},
      {"what is the average of 4, 8 and 15", "calculator", "(4 + 8 + 15) / 3"},
      {"What is 30% off 250?", "calculator", "250 - 30% of 250"},
      {"gcd of 48 and 36?", "calculator", "gcd(48, 36)"},
      {"five plus six", "calculator", "5 + 6"},
      {"cos of 60 degrees", "calculator", "cos(60°)"},
  });
}

TEST_CASE("arithmetic goes to the calculator, however it is asked in Korean") {
  check({
      {"15 곱하기 23은?", "calculator", "15 * 23"},
      {"2의 64제곱은 얼마인가요?", "calculator", "2^64"},
      {"1000에서 367을 빼면 얼마야?", "calculator", "1000 - 367"},
      {"640의 12.5퍼센트는?", "calculator", "12.5% of 640"},
      {"81을 9로 나누면?", "calculator", "81 / 9"},
      {"7 팩토리얼", "calculator", "7!"},
      {"144의 제곱근은 얼마야?", "calculator", "sqrt(144)"},
      {"48과 36의 최대공약수", "calculator", "gcd(48, 36)"},
      {"3 더하기 5 계산해 주세요", "calculator", "3 + 5"},
      {"백 더하기 이백", "calculator", "100 + 200"},
  });
}

TEST_CASE("questions of fact go to a search tool with their subject") {
  check({
      {"Who discovered penicillin?", "wiki", "penicillin"},
      {"Who is the author of Hamlet?", "wiki", "Hamlet"},
      {"What is photosynthesis?", "wiki", "photosynthesis"},
      {"What does CPU stand for?", "wiki", "CPU"},
      {"Where is Mount Everest?", "wiki", "Mount Everest"},
      {"Where was Marie Curie born?", "wiki", "Marie Curie"},
      {"When did World War II end?", "wiki", "World War II"},
      {"When was the Berlin Wall built?", "wiki", "Berlin Wall"},
      {"Which planet is the largest?", "wiki", "planet"},
      {"How tall is the Eiffel Tower?", "wiki", "Eiffel Tower"},
      {"Look up the Korean War", "wiki", "Korean War"},
      {"세종대왕은 누구인가요?", "wiki", "세종대왕"},
      {"광합성이 뭐야?", "wiki", "광합성"},
      {"에베레스트 산은 어디에 있나요?", "wiki", "에베레스트"},
      {"한국 전쟁은 언제 끝났어?", "wiki", "한국 전쟁"},
      {"이순신 장군에 대해 알려줘", "wiki", "이순신"},
      {"프랑스의 수도는 어디야?", "wiki", "프랑스"},
      {"페니실린은 누가 발견했어?", "wiki", "페니실린"},
  });
}

TEST_CASE("the time and the date go to the clock") {
  check({
      {"What time is it now?", "clock", "{}"},
      {"What's the time in Seoul?", "clock", "Asia/Seoul"},
      {"What day is it today?", "clock", "{}"},
      {"지금 도쿄는 몇 시야?", "clock", "{"},
      {"오늘 며칠이야?", "clock", "{}"},
      {"오늘 무슨 요일이야?", "clock", "{}"},
  });
}

TEST_CASE("what takes a language model is said at once, with how to configure one") {
  check({
      {"Write me a haiku about the sea", "", "models:"},
      {"Translate \"good morning\" into French", "", "models:"},
      {"Summarize this text: it was a dark night.", "", "models:"},
      {"Should I learn Rust or Go?", "", "models:"},
      {"Fix this code: int main() {", "", "models:"},
      {"Tell me a joke", "", "models:"},
      {"Please draft an email to my boss", "", "models:"},
      {"바다에 대한 시를 써 줘", "", "models:"},
      {"이 문장을 영어로 번역해 줘", "", "models:"},
      {"점심 메뉴 추천해줘", "", "models:"},
      {"코드를 짜줘", "", "models:"},
  });
}

TEST_CASE("each part of a question takes its own step, in order") {
  Json step = converse("What is 2^10, and who was Ada Lovelace?", all_tools());
  CHECK(string_or(step, "action") == "calculator");
  step = converse("What is 2^10, and who was Ada Lovelace?", all_tools(), {"1024"});
  CHECK(string_or(step, "action") == "wiki");

  const std::string both = answer_of(converse("What is 3 * 4? Where is Seoul?", all_tools(), {"12", kSeoul}));
  CHECK(both.contains("3 * 4 = 12"));
  CHECK(both.contains("capital and largest city of South Korea"));
  CHECK(both.contains("https://en.wikipedia.org/wiki/Seoul"));

  const std::string three =
      answer_of(converse("What is 2 + 2? What is 3 * 3? What time is it?", all_tools(),
                         {"4", "9", "2026-11-20T09:30:00+00:00 (Friday, UTC, UTC+00:00, week 47)"}));
  CHECK(three.contains("2 + 2 = 4"));
  CHECK(three.contains("3 * 3 = 9"));
  CHECK(three.contains("09:30"));

  const std::string korean =
      answer_of(converse("2의 10제곱은 얼마야? 세종대왕은 누구야?", all_tools(), {"1024", kKing}));
  CHECK(korean.contains("1024"));
  CHECK(korean.contains("조선의 제4대 국왕"));
  CHECK(korean.contains("출처: 세종"));

  const std::string mixed = answer_of(converse("What is 6 * 7? Write a poem about it.", all_tools(), {"42"}));
  CHECK(mixed.contains("42"));
  CHECK(mixed.contains("language model"));
}

TEST_CASE("what the calculator says is the answer, and what it refuses is told") {
  CHECK(answer_of(converse("What is 2^200?", all_tools(),
                           {"1606938044258990275541962092341162602522202993782792835301376"})) ==
        "1606938044258990275541962092341162602522202993782792835301376");
  CHECK(answer_of(converse("3에 4를 더하면?", all_tools(), {"7"})).contains("7"));
  CHECK(answer_of(converse("What is 5 / 0?", all_tools(), {"!division by zero (at offset 2, near `/ 0`)"}))
            .contains("division by zero"));
  const std::string korean = answer_of(converse("5 나누기 0은?", all_tools(), {"!division by zero"}));
  CHECK(korean.contains("계산하지 못했습니다"));
  CHECK(korean.contains("division by zero"));
}

TEST_CASE("an encyclopedia's page is answered from, with its address") {
  CHECK(
      answer_of(converse("What is the population of Seoul?", all_tools(), {kSeoul})).contains("9.6 million"));
  CHECK(answer_of(converse("When was Seoul founded?", all_tools(), {kSeoul})).contains("18 BC"));
  const std::string where = answer_of(converse("What is Seoul?", all_tools(), {kSeoul}));
  CHECK(where.contains("capital and largest city"));
  CHECK_FALSE(where.contains("Sections:"));
  CHECK(where.ends_with("Source: Seoul — https://en.wikipedia.org/wiki/Seoul"));
  const std::string king = answer_of(converse("세종은 누구야?", all_tools(), {kKing}));
  CHECK(king.contains("제4대 국왕"));
  CHECK(king.contains("https://ko.wikipedia.org/wiki/세종"));
}

TEST_CASE("search results are answered from, with the address of the one that says it") {
  const std::string who = answer_of(converse("Who wrote Boost.Asio?", {web()}, {kResults}));
  CHECK(who.contains("Christopher Kohlhoff"));
  CHECK(who.contains("https://www.boost.org/asio/notes"));
  CHECK_FALSE(who.contains("something else entirely"));
}

TEST_CASE("the clock's answer is passed on in the question's language") {
  constexpr const char* kNow = "2026-11-20T18:30:00+09:00 (Friday, Asia/Seoul, UTC+09:00, week 47)";
  CHECK(answer_of(converse("What time is it in Seoul?", all_tools(), {kNow})).contains("18:30"));
  CHECK(answer_of(converse("지금 서울은 몇 시야?", all_tools(), {kNow})).contains("18:30"));
  CHECK(answer_of(converse("What time is it?", all_tools(), {"!no such zone"})).contains("no such zone"));
}

TEST_CASE("failing and empty tools lead to another attempt and then to an honest answer") {
  for (const char* nothing :
       {"Nothing was found for `Xyzzy`. Try other words.",
        "Wikipedia (en) has nothing on `Xyzzy Plugh`. Try fewer or other words, or another language.",
        "!timed out after 30 s", "!HTTP 503"}) {
    CAPTURE(nothing);
    std::vector<std::string> outputs(6, nothing);
    const std::string answer = answer_of(converse("Who was Xyzzy Plugh?", all_tools(), outputs));
    CHECK_FALSE(answer.empty());
    CHECK(answer.contains("Xyzzy Plugh"));
    CHECK_FALSE(answer.contains("Source:"));
    CHECK_FALSE(answer_of(converse("지즈니는 누구야?", all_tools(), outputs)).empty());
  }
  const std::string after = answer_of(converse("What is Seoul?", all_tools(), {"!no connection", kSeoul}));
  CHECK(after.contains("capital and largest city"));
}

TEST_CASE("the same question after the same observations always leads to the same step") {
  for (const char* question :
       {"What is 2^10, and who was Ada Lovelace?", "세종대왕은 누구야?", "What time is it?"}) {
    const Json once = converse(question, all_tools(), {"1024"});
    const Json again = converse(question, all_tools(), {"1024"});
    CHECK(once == again);
  }
}
