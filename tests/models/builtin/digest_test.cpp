#include "models/builtin/digest.h"

#include "models/builtin/intents.h"
#include "models/token_estimate.h"
#include "tests/models/call.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::builtin;

namespace {

Json turn(std::string user, std::string assistant) {
  return {{"user", std::move(user)}, {"assistant", std::move(assistant)}};
}

}  // namespace

TEST_CASE("notes keep names, numbers, decisions and questions, and leave out thanks and greetings") {
  const Json conversation = {
      {"words", 45},
      {"turns",
       {turn("Hello there!", "Hi! How nice to hear from you today."),
        turn("My name is Mina Park and I need two tickets to Busan.", "Sure, that is no problem at all."),
        turn("When does the ship leave?",
             "It leaves at 9:40 from pier 7. The weather will be fine, they say."),
        turn("We decided on the later one. Thanks!", "You are very welcome.")}}};

  const std::string notes = digest_of(conversation);

  CHECK(notes.contains("User: My name is Mina Park and I need two tickets to Busan."));
  CHECK(notes.contains("User: When does the ship leave?"));
  CHECK(notes.contains("9:40"));
  CHECK(notes.contains("User: We decided on the later one."));
  CHECK_FALSE(notes.contains("Thanks"));
  CHECK_FALSE(notes.contains("welcome"));
  CHECK(estimate_tokens(notes) <= 75);
}

TEST_CASE("notes in Korean keep what was wanted and decided") {
  const Json conversation = {{"words", 30},
                             {"turns",
                              {turn("안녕하세요!", "네, 안녕하세요. 반갑습니다."),
                               turn("부산 가는 표 두 장이 필요해요.", "배는 오전 9시 40분에 떠납니다."),
                               turn("그럼 그 배로 하기로 했어요. 감사합니다.", "즐거운 여행 되세요.")}}};

  const std::string notes = digest_of(conversation);

  CHECK(notes.contains("표 두 장이 필요해요."));
  CHECK(notes.contains("9시 40분"));
  CHECK(notes.contains("하기로 했어요."));
  CHECK_FALSE(notes.contains("즐거운 여행"));
}

TEST_CASE("notes on notes keep the order, the speakers, and each sentence once") {
  Json conversation = {{"words", 60},
                       {"turns", {turn("I am allergic to nuts.", "Noted: no nuts in room 12.")}}};
  const std::string first = digest_of(conversation);
  CHECK(first == "User: I am allergic to nuts.\nNoted: no nuts in room 12.");

  conversation = {{"words", 60},
                  {"notes", first},
                  {"turns", {turn("I am allergic to nuts.", "The table is booked for 7 pm.")}}};
  CHECK(digest_of(conversation) == first + "\nThe table is booked for 7 pm.");
}

TEST_CASE("notes keep to their length however much was said, and nothing said is nothing noted") {
  Json turns = Json::array();
  for (int i = 0; i < 3'000; ++i)
    turns.push_back(turn("Room " + std::to_string(i) + " was booked by Mina.", std::string(3'000, 'x')));
  const std::string notes = digest_of({{"words", 30}, {"turns", turns}});
  CHECK(estimate_tokens(notes) <= 50);
  CHECK_FALSE(notes.empty());

  CHECK(digest_of(Json::object()).empty());
  CHECK(digest_of({{"turns", {turn("", ""), 3, Json::array()}}}).empty());
  CHECK(digest_of({{"words", "many"}, {"turns", 3}}).empty());
}

TEST_CASE("the builtin model makes notes of a conversation, and a summary of any other text") {
  auto request = testing::request_of(
      {testing::instruct("Keep notes."),
       testing::user(R"({"words":40,"turns":[{"user":"I am Mina.","assistant":"Hello."}]})")});
  request.intent = Intent::summarize;
  CHECK(serve_intent(request) == "User: I am Mina.");

  request = testing::request_of({testing::user("{not json. The ship leaves at nine.")});
  request.intent = Intent::summarize;
  auto text = serve_intent(request);
  REQUIRE(text);
  CHECK(text->contains("The ship leaves at nine."));
}
