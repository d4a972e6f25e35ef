#pragma once

#include "agents/teams/crew.h"
#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/json.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// What a team is asked for.
struct TeamTask {
  std::string text;
  Json inputs = Json::object();  ///< of the run, for {name}
  std::string resume_with;       ///< the member that had the conversation at the end of the run before; ""
};

/// What it came to.
struct TeamAnswer {
  std::string text;
  Json data;                            ///< null: the answer is a text
  Json citations;                       ///< null: none
  std::string reason = "final_answer";  ///< or why it stopped here: until, max_rounds
  /// limit: it stopped at a bound with what there was (max_turns, stalled, repeated_message, not_accepted).
  std::string status = "done";
  std::string detail;  ///< of such a stop and of until, for people; else ""
  std::string by;      ///< the member that gave it; ""
};

/// How the members of a team work together. Has no I/O of its own and keeps nothing: everything goes through
/// its crew, with keys (see Crew). Loop thread only.
class Pattern {
 public:
  virtual ~Pattern() = default;
  /// To the end. `stop` ends it as cancelled. `loop` for what runs at once.
  virtual Task<Teamed<TeamAnswer>> run(TeamTask task, Crew& crew, Loop& loop, Stop& stop) = 0;
};

/// The pattern of a team with such settings, one for each run. The settings outlive it.
std::unique_ptr<Pattern> make_pattern(const TeamSettings& settings);

/// The word of a pattern in YAML, and what it is, for `troupe check` and the schema.
struct PatternEntry {
  PatternKind kind;
  std::string_view name;
  std::string_view about;
  std::unique_ptr<Pattern> (*make)(const TeamSettings&);
};
const std::vector<PatternEntry>& pattern_entries();

}  // namespace troupe::agents
