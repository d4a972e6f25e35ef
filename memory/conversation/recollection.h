#pragma once

#include "memory/conversation/notes.h"
#include "memory/conversation/ruler.h"
#include "memory/conversation/turn_cut.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe::memory {

/// What a conversation has to be remembered by: the last notes, and the turns that are not in them yet.
struct Remembered {
  std::optional<Notes> notes;
  std::vector<Turn> turns;  ///< oldest first
};

/// The fold of the finished runs of a session and agent, oldest first, from any one on: it may begin after
/// the turns that the notes reach to, since those are not needed. `noted`: this memory makes use of notes;
/// else it has all turns. Pure.
Remembered remember(const std::vector<store::RunRow>& rows, bool noted);

/// Which of it is recalled: the choice without the words. As JSON it is what a run writes down when it
/// begins, so that it is shown the same after a crash, whatever was summarised or counted otherwise since.
struct Selection {
  struct Part {
    std::string run;
    TurnCut cut;
    bool operator==(const Part&) const = default;
  };
  std::string notes_of;         ///< the run that keeps them; "": none
  std::size_t notes_bytes = 0;  ///< of their text, from the beginning
  std::size_t left_out = 0;     ///< turns, told in the notes' message
  std::vector<Part> turns;      ///< oldest first
  bool operator==(const Selection&) const = default;
};

/// What is recalled: user and assistant messages, oldest first.
struct Recollection {
  std::vector<models::Message> messages;
  std::vector<std::size_t> answers;  ///< which of them are a turn's answer
  std::int64_t size = 0;             ///< of all of them, by the memory's ruler
  std::size_t older = 0;             ///< turns that were there and are not recalled
  std::size_t cut = 0;               ///< turns that were shortened
  Selection selection;
};

/// The words of a selection. `turns` has every turn that it names, oldest first; `notes` the text where it
/// has some. Errors: store (a turn or notes that it names are gone).
Result<Recollection> recollect(const Selection& selection, std::span<const Turn> turns,
                               const std::optional<Notes>& notes, const Ruler& ruler);
/// The same from the finished runs of the session and agent.
Result<Recollection> recollect(const Selection& selection, const std::vector<store::RunRow>& rows,
                               const Ruler& ruler);

/// Runs that follow on each other in `order` (the turns' runs) are written down as their first and last.
Json to_json(const Selection& selection, std::span<const Turn> order);
/// `order`: the turns now, which has all that stood between the same two runs then. Errors: store (it does
/// not read as one, or names a run that is gone).
Result<Selection> selection_from(const Json& json, std::span<const Turn> order);

}  // namespace troupe::memory
