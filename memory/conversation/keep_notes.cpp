#include "memory/conversation/keep_notes.h"

#include <utility>

namespace troupe::memory {

Notes compacted(const Remembered& remembered, std::size_t turns, std::string text) {
  Notes notes{.text = std::move(text)};
  if (remembered.notes) {
    notes.upto = remembered.notes->upto;
    notes.turns = remembered.notes->turns;
  }
  if (turns > 0) notes.upto = remembered.turns[turns - 1].run;
  notes.turns += static_cast<std::int64_t>(turns);
  return notes;
}

bool may_keep_notes(const std::vector<store::RunRow>& rows) {
  return !rows.empty() && !notes_in(rows.back());
}

Task<Result<>> keep_notes(store::Journal& journal, store::RunRow keeper, Notes notes, std::size_t dropped,
                          std::size_t kept) {
  keeper.extra = with_notes(keeper.extra, notes);
  // Of the session, not of its last run, which has ended with its run.finished.
  Event event{.type = "memory.compacted", .session = keeper.session, .agent = keeper.agent};
  store::Append append;
  append.events.push_back(compacted_event(std::move(event), kept, dropped, notes));
  append.run = std::move(keeper);
  if (auto done = co_await journal.commit(std::move(append)); !done) co_return within("memory", done.error());
  co_return Result<>();
}

}  // namespace troupe::memory
