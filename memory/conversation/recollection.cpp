#include "memory/conversation/recollection.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

std::vector<Turn> turns_of(std::span<const store::RunRow> rows) {
  std::vector<Turn> turns;
  turns.reserve(rows.size());
  for (const store::RunRow& row : rows)
    if (auto turn = turn_of(row)) turns.push_back(std::move(*turn));
  return turns;
}

// Turns come in the order of the parts, so each is looked for after the one before.
const Turn* find_after(std::span<const Turn> turns, std::size_t& from, const std::string& run) {
  const auto found = std::ranges::find(turns.subspan(from), run, &Turn::run);
  if (found == turns.subspan(from).end()) return nullptr;
  from += static_cast<std::size_t>(found - turns.subspan(from).begin()) + 1;
  return &*found;
}

std::unexpected<Error> gone(std::string_view what, const std::string& run) {
  return fail(ErrorCode::store,
              fmt::format("what was recalled cannot be put together again: {} {} is gone", what, run));
}

}  // namespace

Remembered remember(const std::vector<store::RunRow>& rows, bool noted) {
  Remembered remembered;
  std::size_t from = 0;
  for (std::size_t i = rows.size(); noted && i-- > 0 && !remembered.notes;)
    remembered.notes = notes_in(rows[i]);
  if (remembered.notes) {
    const auto upto = std::ranges::find(rows, remembered.notes->upto, &store::RunRow::id);
    if (upto != rows.end()) from = static_cast<std::size_t>(upto - rows.begin()) + 1;
  }
  remembered.turns = turns_of(std::span(rows).subspan(from));
  return remembered;
}

Result<Recollection> recollect(const Selection& selection, std::span<const Turn> turns,
                               const std::optional<Notes>& notes, const Ruler& ruler) {
  Recollection made{.selection = selection};
  std::string text;
  if (!selection.notes_of.empty()) {
    if (!notes || notes->kept_by != selection.notes_of)
      return gone("the summary kept by run", selection.notes_of);
    text = notes->text.substr(0, selection.notes_bytes);
    if (text.size() < notes->text.size()) text += " […]";
  }
  if (!text.empty() || selection.left_out > 0)
    made.messages.push_back(notes_message(text, selection.left_out));
  std::size_t from = 0;
  for (const Selection::Part& part : selection.turns) {
    const Turn* turn = find_after(turns, from, part.run);
    if (!turn) return gone("the turn of run", part.run);
    for (models::Message& message : messages_of(*turn, part.cut)) made.messages.push_back(std::move(message));
    if (turn->answer) made.answers.push_back(made.messages.size() - 1);
    if (!part.cut.nothing()) ++made.cut;
  }
  made.size = size_of(made.messages, ruler);
  return made;
}

Result<Recollection> recollect(const Selection& selection, const std::vector<store::RunRow>& rows,
                               const Ruler& ruler) {
  std::optional<Notes> notes;
  const auto keeper = std::ranges::find(rows, selection.notes_of, &store::RunRow::id);
  if (keeper != rows.end()) notes = notes_in(*keeper);
  return recollect(selection, turns_of(rows), notes, ruler);
}

}  // namespace troupe::memory
