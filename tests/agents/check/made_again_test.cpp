#include "agents/check/run_checks.h"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

/// One line of a run's record, of step 1 and call c_1.
struct Line {
  bool fact;
  std::string_view type;
  std::string more = "";  // of its body
};

// What goes before a call that left.
const std::vector<Line> kLeft = {{false, "run.started"},
                                 {true, "model.intent", R"(,"attempt":1)"},
                                 {false, "action"},
                                 {true, "model.reply"},
                                 {true, "tool.intent", R"(,"key":"k")"},
                                 {true, "tool.dispatched", R"(,"key":"k")"}};
// A person is asked about it, and lets it be made again.
const std::vector<Line> kAsked = {{false, "approval.required"},
                                  {true, "approval.pending", R"(,"again":true)"}};
const std::vector<Line> kAllowed = {{false, "approval.given"},
                                    {true, "approval.decided", R"(,"again":true,"approved":true)"}};
const std::vector<Line> kDenied = {{false, "approval.denied"},
                                   {true, "approval.decided", R"(,"again":true,"approved":false)"}};
const std::vector<Line> kMade = {{true, "tool.dispatched", R"(,"key":"k","again":true)"}};

/// What the checks say of these, one after the other: "I3: …".
std::vector<std::string> found_in(const std::vector<std::vector<Line>>& parts, bool copied = false) {
  History history;
  history.row.id = "r_1";
  std::int64_t pos = 0;
  const auto add = [&](const Line& line) {
    std::string text = fmt::format(R"({{"call":"c_1"{}{}}})", line.more, copied ? R"(,"copied":true)" : "");
    history.records.push_back({.pos = ++pos,
                               .n = pos,
                               .step = 1,
                               .fact = line.fact,
                               .type = line.type,
                               .text = text,
                               .body = *parse_json(text)});
  };
  for (const bool facts : {false, true})  // of a copy, events go first
    for (const auto& part : parts)
      for (const Line& line : part)
        if (copied ? line.fact == facts : !facts) add(line);
  std::vector<std::string> found;
  const FindingSink sink = [&](Finding one) {
    found.push_back(fmt::format("{}: {}", one.invariant, one.what));
  };
  RunFindings findings(history.row, sink);
  check_calls(history, findings);
  check_beginnings(history, true, findings);
  return found;
}

}  // namespace

TEST_CASE("a call is made again as often as a person allowed it, and no oftener") {
  CHECK(found_in({kLeft, kAsked}).empty());
  CHECK(found_in({kLeft, kAsked, kDenied}).empty());
  CHECK(found_in({kLeft, kAsked, kAllowed, kMade}).empty());
  CHECK(found_in({kLeft, kAsked, kAllowed, kMade, kAsked, kAllowed, kMade}).empty());

  const auto made_twice = [](const std::vector<std::string>& found) {
    return found.size() == 1 && found[0].starts_with("I3") && found[0].contains("a second time");
  };
  CHECK(made_twice(found_in({kLeft, kMade})));
  CHECK(made_twice(found_in({kLeft, kAsked, kMade})));
  CHECK(made_twice(found_in({kLeft, kAsked, kDenied, kMade})));
  CHECK(made_twice(found_in({kLeft, kAsked, kAllowed, kMade, kMade})));
}

TEST_CASE("a person is asked again, and decides again, only about a call that left since") {
  const auto decided_twice = found_in({kLeft, kAsked, kAllowed, kAllowed});
  REQUIRE(decided_twice.size() == 2);  // the event and the fact
  CHECK(decided_twice[0].contains("was decided before"));
  CHECK(decided_twice[1].contains("was decided before"));
  const auto asked_twice = found_in({kLeft, kAsked, kAllowed, kAsked});
  REQUIRE(asked_twice.size() == 1);
  CHECK(asked_twice[0].contains("had not been made before"));
}

TEST_CASE("what a fork copied of it, events before facts, is as whole as it was") {
  CHECK(found_in({kLeft, kAsked, kAllowed, kMade, kAsked, kAllowed, kMade}, true).empty());
}
