#include "memory/evaluation/cases.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

using Texts = std::vector<std::string>;

std::string problems_of(std::string_view text) {
  std::string shown_all;
  for (const CaseProblem& problem : read_cases(text).problems)
    shown_all += (problem.fatal ? "" : "remark: ") + shown(problem) + "\n";
  return shown_all;
}

AnswerCase answer_of(std::string_view line) {
  const EvaluationCases cases = read_cases(line);
  CAPTURE(problems_of(line));
  REQUIRE(cases.ok());
  REQUIRE(cases.answers.size() == 1);
  return cases.answers[0];
}

}  // namespace

TEST_CASE("questions with answers, one a line") {
  const EvaluationCases cases = read_cases(
      "\xEF\xBB\xBF{\"id\": \"q1\", \"input\": \"2+2?\", \"expected\": \"4\"}\r\n"
      "\n"
      "{\"input\": \"서울은?\", \"expected\": [\"수도\", \"capital\"], \"inputs\": {\"tone\": \"dry\"}}");
  CHECK(cases.ok());
  CHECK(cases.problems.empty());
  REQUIRE(cases.answers.size() == 2);
  CHECK(cases.answers[0].id == "q1");
  CHECK(cases.answers[0].line == 1);
  CHECK(cases.answers[0].input == "2+2?");
  CHECK(cases.answers[1].id == "line 3");
  CHECK(cases.answers[1].expected == Texts{"수도", "capital"});
  CHECK(dump(cases.answers[1].inputs) == R"({"tone":"dry"})");
}

TEST_CASE("the names and shapes of other programs are understood") {
  CHECK(answer_of(R"({"question": "q", "answers": ["a", "b", "a"]})").expected == Texts{"a", "b"});
  CHECK(answer_of(R"({"question": "q", "answers": {"text": ["a"], "answer_start": [7]}})").expected ==
        Texts{"a"});
  CHECK(answer_of(R"({"question": "q", "answers": [{"text": "a", "answer_start": 7}]})").expected ==
        Texts{"a"});
  CHECK(answer_of(R"({"input": [{"role": "user", "content": "q"}], "ideal": "a"})").input == "q");
  CHECK(answer_of(R"({"prompt": "q", "answer": 42})").expected == Texts{"42"});
  CHECK(answer_of(R"({"query": "q", "reference": true})").expected == Texts{"true"});
  CHECK(answer_of(R"({"inputs": {"topic": "cats"}, "expected": "a", "id": 7, "metadata": {"x": 1}})").id ==
        "7");
}

TEST_CASE("questions with the documents that are about them") {
  const EvaluationCases cases = read_cases(R"({"query": "q", "relevant": ["d1", 2], "knowledge": "wiki"}
{"question": "r", "relevant": {"d1": 3, "d2": 0, "d3": true, "d4": 2.0}, "expected": "a"}
{"query": "s", "relevant": []})");
  CHECK(cases.ok());
  REQUIRE(cases.retrievals.size() == 3);
  CHECK(cases.retrievals[0].relevant == Relevance{{"d1", 1}, {"2", 1}});
  CHECK(cases.retrievals[0].knowledge == "wiki");
  CHECK(cases.retrievals[1].relevant == Relevance{{"d1", 3}, {"d2", 0}, {"d3", 1}, {"d4", 2}});
  CHECK(cases.retrievals[2].relevant.empty());
  REQUIRE(cases.answers.size() == 1);  // the second is a case of both kinds
  CHECK(cases.answers[0].line == 2);
}

TEST_CASE("every problem is told with its line and what was expected, and the lines behind it are read") {
  CHECK(problems_of(
            "{\"input\": \"q\", \"expected\": \"a\"\n[1]\n{\"input\": \"q\"}\n{\"expected\": \"a\"}\n") ==
        "line 1: is no JSON: " + parse_json(R"({"input": "q", "expected": "a")").error().message +
            "\n"
            "line 2: [1]; one object a line was expected, such as {\"input\": \"…\", \"expected\": \"…\"}\n"
            "line 3: there is neither `expected` (or `answers`, `ideal`) nor `relevant`: nothing can be "
            "measured\n"
            "line 4: `input` (or `question`, `query`) was expected\n");
  const std::pair<const char*, const char*> lines[] = {
      {R"({"input": 3, "expected": "a"})",
       "`input` is 3; a text (or a list of one message of a user) was expected"},
      {R"({"input": " ", "expected": "a"})", "`input` is blank"},
      {R"({"input": "q", "expected": null})",
       "`expected` is null; a text, a number, a list of these or {\"text\": […]} was expected"},
      {R"({"input": "q", "expected": []})", "`expected` is empty; at least one text was expected"},
      {R"({"input": "q", "answers": ["a", ""]})",
       "`answers` holds a blank text, which no answer can be held against"},
      {R"({"input": "q", "question": "q", "expected": "a"})",
       "`input` and `question` mean the same; one of them was expected"},
      {R"({"query": "q", "relevant": "d1"})",
       "`relevant` is \"d1\"; a list of ids or an object of id and grade was expected"},
      {R"({"query": "q", "relevant": {"d1": -1}})",
       "`relevant` has a grade of `d1` that is -1; a whole number from 0 to 1000 was expected"},
      {R"({"query": "q", "relevant": {"d1": 1.5}})",
       "`relevant` has a grade of `d1` that is 1.5; a whole number from 0 to 1000 was expected"},
      {R"({"query": "q", "relevant": [null]})",
       "`relevant` has an element that is null; an id (a text or a whole number) was expected"},
      {R"({"inputs": {"a": 1}, "relevant": ["d"]})", "`input` (or `question`, `query`) was expected"},
      {R"({"inputs": [], "input": "q", "expected": "a"})",
       "`inputs` is []; an object of variables was expected"},
      {R"({"knowledge": 1, "input": "q", "relevant": []})",
       "`knowledge` is 1; the name of a knowledge base was expected"},
      {R"({"id": {}, "input": "q", "expected": "a"})",
       "`id` is {}; an id (a text or a whole number) was expected"},
  };
  for (const auto& [line, problem] : lines) {
    CHECK(problems_of(line) == "line 1: " + std::string(problem) + "\n");
    CHECK(read_cases(line).answers.empty());
    CHECK(read_cases(line).retrievals.empty());
  }
}

TEST_CASE("an id stands for one line") {
  CHECK(problems_of("{\"id\": \"a\", \"input\": \"q\", \"expected\": \"1\"}\n"
                    "{\"id\": \"a\", \"input\": \"r\", \"expected\": \"2\"}") ==
        "line 2: id `a` is that of line 1, too\n");
}

TEST_CASE("unknown keys are told once each, and the line is read") {
  const std::string text =
      "{\"input\": \"q\", \"expected\": \"a\", \"expectd\": 1, \"lang\": \"en\"}\n"
      "{\"input\": \"q\", \"expected\": \"a\", \"lang\": \"en\"}\n";
  CHECK(
      problems_of(text) ==
      "remark: line 1: `expectd` is no key of a case and is not read (in 1 line); did you mean `expected`?\n"
      "remark: line 1: `lang` is no key of a case and is not read (in 2 lines)\n");
  CHECK(read_cases(text).ok());
  CHECK(read_cases(text).answers.size() == 2);
}

TEST_CASE("a file without a case is a problem") {
  CHECK(problems_of("") == "there is no case; one object a line was expected\n");
  CHECK(problems_of("\n \r\n") == "there is no case; one object a line was expected\n");
}

TEST_CASE("lines, cases and problems have limits") {
  const std::string wide = R"({"input": ")" + std::string(kCaseLineBytes, 'x') + R"(", "expected": "a"})";
  CHECK(problems_of(wide) ==
        fmt::format("line 1: has {} bytes; a line has at most {}\n", wide.size(), kCaseLineBytes));

  std::string many;
  for (std::size_t i = 0; i < kCaseProblems + 7; ++i) many += "{}\n";
  const EvaluationCases bad = read_cases(many);
  CHECK(bad.problems.size() == kCaseProblems + 1);
  CHECK(shown(bad.problems.back()) == "7 more problems");

  std::string long_one;
  for (std::size_t i = 0; i < kCases + 2; ++i) long_one += "1\n";
  CHECK(read_cases(long_one).problems.size() == kCaseProblems + 1);
  CHECK(shown(read_cases(long_one).problems.back()) ==
        fmt::format("{} more problems", kCases + 1 - kCaseProblems));
}
