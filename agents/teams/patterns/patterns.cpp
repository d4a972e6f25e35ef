#include "agents/teams/pattern.h"
#include "agents/teams/patterns/factories.h"

#include <algorithm>

namespace troupe::agents {

const std::vector<PatternEntry>& pattern_entries() {
  static const std::vector<PatternEntry> entries = {
#define TROUPE_PATTERN(name, about) {PatternKind::name, #name, about, make_##name},
#include "agents/teams/patterns/patterns.def"
#undef TROUPE_PATTERN
  };
  return entries;
}

namespace {

const PatternEntry& entry_of(PatternKind pattern) {
  return *std::ranges::find(pattern_entries(), pattern, &PatternEntry::kind);
}

}  // namespace

std::string_view word(PatternKind pattern) {
  return entry_of(pattern).name;
}

std::unique_ptr<Pattern> make_pattern(const TeamSettings& settings) {
  return entry_of(settings.pattern).make(settings);
}

}  // namespace troupe::agents
