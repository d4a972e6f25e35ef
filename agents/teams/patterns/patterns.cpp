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

std::unique_ptr<Pattern> make_pattern(const TeamSettings& settings) {
  const auto it = std::ranges::find(pattern_entries(), settings.pattern, &PatternEntry::kind);
  return it->make(settings);
}

}  // namespace troupe::agents
