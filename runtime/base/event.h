#pragma once

#include "runtime/base/json.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

/// One thing that happened, in the vocabulary of docs/protocol.md. The event is the atom: what is journaled
/// is what clients see, what traces show, what replay checks and what resume reads.
struct Event {
  std::string_view type;  ///< a literal: "thought", "action", … (see event_types in docs/protocol.md)
  std::string session;
  std::string run;
  std::string agent;             ///< "" when it does not apply
  std::string parent;            ///< the run or call that caused it, or ""
  int step = 0;                  ///< 0 when it does not apply
  Json fields = Json::object();  ///< the type's own fields, in the order they are shown
};

/// An event as it is sent: rendered once, shared by every subscriber and by the journal.
struct Frame {
  std::shared_ptr<const std::string> text;  ///< one JSON object, no newline
  std::int64_t seq = 0;                     ///< 0: volatile (deltas, progress, stream.reset), not journaled
  std::string session;
  std::string run;
  std::string_view type;  ///< a literal, or owned by a table that lives as long as the process
  int step = 0;
  bool is_volatile() const { return seq == 0; }
};

/// Renders {"type","seq"?,"ts","session","run","agent"?,"step"?,"parent"?, …fields}. seq 0 is left out.
std::string render(const Event& event, std::int64_t seq, std::int64_t wall_ms);

}  // namespace troupe
