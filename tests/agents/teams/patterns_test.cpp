#include "agents/teams/pattern.h"

#include <set>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

TEST_CASE("every kind of pattern is in the table, once, and can be made") {
  std::set<PatternKind> kinds;
  for (const PatternEntry& entry : pattern_entries()) {
    CAPTURE(std::string(entry.name));
    CHECK(kinds.insert(entry.kind).second);
    CHECK_FALSE(entry.about.empty());
    const TeamSettings settings{.pattern = entry.kind};
    CHECK(make_pattern(settings) != nullptr);
  }
  for (int kind = 0; kind <= static_cast<int>(PatternKind::graph); ++kind)
    CHECK(kinds.contains(static_cast<PatternKind>(kind)));
}
