#pragma once

#include "memory/conversation/ruler.h"
#include "runtime/base/event.h"
#include "runtime/store/journal.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::memory {

/// What has become of a conversation's earlier turns: a summary of all of them up to one, made from the
/// summary before it and the turns that came after; or what a plugin keeps in the place of one. It is kept in
/// `extra` of a run's row,
/// {"memory": {"summary", "upto", "turns"}}, where the fold that reads the turns finds it: nothing else is
/// stored, and it belongs to whom the row belongs to, one agent in one session.
struct Notes {
  std::string text;
  std::string upto;        ///< the run of the last turn in it; "": they are on no turn
  std::int64_t turns = 0;  ///< in it, over all
  std::string kept_by;     ///< the run whose row has it; not written down
  bool operator==(const Notes&) const = default;
};

/// `extra` with the notes in it.
std::string with_notes(const std::string& extra, const Notes& notes);
/// The notes in a row. Nothing where there are none, or none that can be read.
std::optional<Notes> notes_in(const store::RunRow& row);

/// The message in which a model is shown the notes, and told of turns between them and what follows that are
/// left out. "" and none left out: nothing is said.
models::Message notes_message(std::string_view text, std::size_t left_out);
/// How large the text of notes may be where their message, with all that can be in it, may have `room`.
std::int64_t room_for_text(std::int64_t room, const Ruler& ruler);

/// Fills `memory.compacted`: `kept` turns stay as they are, `dropped` are in the summary from now on.
Event compacted_event(Event event, std::size_t kept, std::size_t dropped, const Notes& notes);

}  // namespace troupe::memory
