#include "agents/replay/comparison.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

store::LogLine event(std::int64_t at, const std::string& run, std::string_view type,
                     const std::string& fields, int step = 1) {
  return {at,
          at,
          run,
          type,
          step,
          fmt::format(R"({{"type":"{}","seq":{},"ts":"2026-11-29T00:00:0{}Z","run":"{}"{}}})", type, at,
                      at % 10, run, fields)};
}

store::LogLine request(std::int64_t at, const std::string& run, const std::string& fields) {
  return {at,  0,
          run, "model.intent",
          1,   fmt::format(R"({{"attempt":1,"input":{},"used_ms":{}{}}})", at, at, fields)};
}

Recording recorded(std::vector<store::LogLine> lines) {
  Recording recording;
  recording.runs = {{.id = "r_1", .agent = "team"}, {.id = "r_2", .agent = "team/a", .parent = "r_1"}};
  recording.lines = std::move(lines);
  return recording;
}

std::optional<Difference> difference(const Recording& recording, const std::vector<store::LogLine>& now,
                                     bool whole = true, const RunNames& names = {}) {
  RunNames all = names;
  if (all.recorded("r_1").empty()) all.pair("r_1", "r_1");
  auto found = first_difference(recording, now, all, whole);
  REQUIRE(found);
  return *found;
}

}  // namespace

TEST_CASE("times, numbers of a session and estimates are no difference") {
  const Recording recording = recorded({event(1, "r_1", "thought", R"(,"text":"a","ms":3)"),
                                        request(2, "r_1", R"(,"messages":2,"counted":"exact")")});
  CHECK_FALSE(difference(recording, {event(7, "r_1", "thought", R"(,"text":"a","ms":9)"),
                                     request(9, "r_1", R"(,"messages":2,"counted":"estimate")")}));
}

TEST_CASE("runs of a team are compared each by its own order, under the ids that were recorded") {
  RunNames names;
  names.pair("r_1", "r_1");
  names.pair("r_2", "r_9");
  const Recording recording = recorded(
      {event(1, "r_1", "message", R"(,"id":"bus:r_2:x")"), event(2, "r_2", "thought", R"(,"text":"a")")});
  CHECK_FALSE(difference(
      recording,
      {event(3, "r_9", "thought", R"(,"text":"a")"), event(4, "r_1", "message", R"(,"id":"bus:r_9:x")")},
      true, names));
}

TEST_CASE("the first difference is the one that comes first in the record") {
  const Recording recording = recorded({event(1, "r_1", "thought", R"(,"text":"a")"),
                                        event(2, "r_1", "answer", R"(,"text":"x","data":{"n":[1,2]})"),
                                        event(3, "r_1", "run.finished", R"(,"status":"done")")});
  const auto found = difference(recording, {event(1, "r_1", "thought", R"(,"text":"a")"),
                                            event(2, "r_1", "answer", R"(,"text":"x","data":{"n":[1,3]})"),
                                            event(3, "r_1", "run.finished", R"(,"status":"failed")")});
  REQUIRE(found);
  CHECK(found->number == 2);
  CHECK(found->field == "/data/n/1");
  CHECK(*found->recorded == 2);
  CHECK(*found->now == 3);
  CHECK(found->before == std::vector<std::string>{"thought (step 1): a"});
  CHECK(as_text(*found).starts_with("run r_1 (team), event 2, step 1: answer, /data/n/1\n"));
}

TEST_CASE("what is missing, and what came on top, are differences") {
  const Recording recording = recorded({event(1, "r_1", "thought", R"(,"text":"a")")});
  SUBCASE("missing") {
    const auto found = difference(recording, {});
    REQUIRE(found);
    CHECK(found->recorded);
    CHECK_FALSE(found->now);
  }
  SUBCASE("on top") {
    const std::vector<store::LogLine> now = {event(1, "r_1", "thought", R"(,"text":"a")"),
                                             event(2, "r_1", "answer", R"(,"text":"b")")};
    const auto found = difference(recording, now);
    REQUIRE(found);
    CHECK_FALSE(found->recorded);
    CHECK(found->now);
    CHECK(as_text(*found).find("recorded: nothing") != std::string::npos);
    CHECK_FALSE(difference(recording, now, false));  // of a run that has not ended
  }
  SUBCASE("a member that nobody asked then") {
    const auto found = difference(
        recording, {event(1, "r_1", "thought", R"(,"text":"a")"), event(2, "r_5", "run.started", "")});
    REQUIRE(found);
    CHECK(found->run == "r_5");
  }
}

TEST_CASE("tools that a new process declares again are no other request") {
  const std::string tools = R"(,"tools":[{"name":"t"}])";
  const Recording recording = recorded({request(1, "r_1", tools), request(2, "r_1", tools)});
  CHECK_FALSE(difference(recording, {request(1, "r_1", tools), request(2, "r_1", "")}));
  CHECK(difference(recording, {request(1, "r_1", tools), request(2, "r_1", R"(,"tools":[])")}));
}

TEST_CASE("long values are shown where they begin to differ, and characters are not cut") {
  const std::string same(500, 'a');
  const Recording recording = recorded({event(1, "r_1", "thought", fmt::format(R"(,"text":"{}ü1")", same))});
  const auto found =
      difference(recording, {event(1, "r_1", "thought", fmt::format(R"(,"text":"{}ü2")", same))});
  REQUIRE(found);
  CHECK(found->field == "/text");
  const std::string text = as_text(*found);
  CHECK(text.find("ü1\"\n") != std::string::npos);
  CHECK(text.find("ü2\"\n") != std::string::npos);
  CHECK(text.size() < 600);
}

TEST_CASE("a line that does not parse is a damaged journal") {
  const Recording recording = recorded({{1, 1, "r_1", "thought", 1, "{"}});
  auto found = first_difference(recording, {}, {}, true);
  REQUIRE(!found);
  CHECK(found.error().message.find("r_1") != std::string::npos);
}
