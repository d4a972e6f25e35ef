#include "models/builtin/grounded.h"

#include "models/builtin/intents.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::builtin;

namespace {

const Json kPassages = {
    {{"index", 1}, {"title", "Travel"}, {"text", "Trains are booked by the office. Meals are paid for."}},
    {{"index", 2},
     {"title", "Annual leave"},
     {"text", "The office opens at eight. Annual leave is thirty working days a year. Ask early."}}};

}  // namespace

TEST_CASE("passages are answered from in their own words, with the number of the one that says so") {
  const std::string answer =
      grounded_answer({{"question", "How many days of annual leave are there?"}, {"passages", kPassages}});
  CHECK(answer.contains("thirty working days a year"));
  CHECK(answer.contains("[2]"));
  CHECK_FALSE(answer.contains("[1]"));
  CHECK(answer.ends_with("."));
}

TEST_CASE("where no passage is about the question, that is what is said, in its language") {
  CHECK(grounded_answer({{"question", "Who painted the Mona Lisa?"}, {"passages", kPassages}}) ==
        "The passages that were found do not answer this.");
  CHECK(grounded_answer({{"question", "에펠탑은 언제 세워졌나요?"}, {"passages", Json::array()}}) ==
        "찾은 구절에는 그 답이 없습니다.");
}

TEST_CASE("notes and an earlier answer keep their numbers, and the better one stays") {
  const std::string said = "Annual leave is thirty working days a year [2].";
  const std::string question = "How many days of annual leave are there?";
  CHECK(grounded_answer({{"question", question},
                         {"notes", {"The passages that were found do not answer this.", said}}}) == said);
  CHECK(grounded_answer({{"question", question}, {"answer", said}, {"passages", {kPassages[0]}}}) == said);
}

TEST_CASE("data of other shapes is no question: whatever stands in it, nothing fails") {
  CHECK_FALSE(grounded_answer({{"question", 7}, {"passages", "x"}, {"notes", {1, 2}}}).empty());
  auto transcript = std::make_shared<Transcript>();
  transcript->add({.role = Role::user,
                   .content = dump({{"question", "How long is annual leave?"}, {"passages", kPassages}})});
  ModelRequest request{.transcript = transcript, .intent = Intent::summarize};
  const auto answer = serve_intent(request);
  REQUIRE(answer);
  CHECK(answer->contains("[2]"));
}
