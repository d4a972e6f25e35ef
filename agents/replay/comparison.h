#pragma once

#include "agents/replay/recording.h"
#include "agents/replay/run_names.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/store/log_line.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// The first thing that a replay did otherwise than the recorded run.
struct Difference {
  std::string run;         ///< the recorded one, or a member's below it
  std::string agent;       ///< whose run it is
  bool request = false;    ///< what was asked of a model or a tool; else an event
  std::size_t number = 0;  ///< of the event or request within its run, from 1
  int step = 0;
  std::string what;                 ///< its type, as recorded; where nothing was, as it came now
  std::string field;                ///< JSON Pointer of what differs in it; "": the whole
  std::optional<Json> recorded;     ///< what stood there; none: nothing
  std::optional<Json> now;          ///< the same of the replay
  std::vector<std::string> before;  ///< what went before in the same run, the latest last
};

/// Whether a replay that came to its end did what was recorded, and the first thing that it did otherwise:
/// events, and requests to models and tools, in each run by their order. Times, durations, generated ids and
/// sizes that are only estimated are left aside. `whole`: the recorded run had come to its end; else the
/// replay may go further. Pure. Errors: store (a line that does not parse).
Result<std::optional<Difference>> first_difference(const Recording& recording,
                                                   const std::vector<store::LogLine>& replayed,
                                                   const RunNames& names, bool whole);

/// How many events two of them agreed in.
std::size_t events_in(const std::vector<store::LogLine>& lines);

/// For people: a few lines.
std::string as_text(const Difference& difference);
Json to_json(const Difference& difference);

}  // namespace troupe::agents
