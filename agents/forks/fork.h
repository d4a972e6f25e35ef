#pragma once

#include "runtime/base/context.h"

#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// Another output in the place of what a call brought.
struct EditedOutput {
  std::string call;
  std::string output;
};

/// How a run is to be gone on with as a new one: from one of its steps, with something changed, in a session
/// of its own (a fork); or from where it ended, in its session (a resumption).
struct ForkOrder {
  Principal principal;
  std::string run;
  /// The step that is done anew: of an agent or chain by its number, of a team its n-th task. What was before
  /// it is kept, what it and later ones did is not undone. Nothing: after the last step that is complete.
  std::optional<int> from;
  std::optional<std::string> input;   ///< in the place of the user's message
  std::vector<EditedOutput> outputs;  ///< of calls that are kept
  /// Goes on in the session of the run, and with its limits once more: for one that ended before its work
  /// did. Not with `from`, `input` or `outputs`.
  bool resumes = false;
  /// Another entry of `models:` for an agent: "MODEL" of the one the run was asked of, "AGENT=MODEL" of a
  /// team's. Beside that it goes on under the present configuration.
  std::string model;
};

struct Forked {
  std::string session;
  std::string run;
  int kept = 0;  ///< steps, or tasks of a team
};

}  // namespace troupe::agents
