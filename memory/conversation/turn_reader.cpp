#include "memory/conversation/turn_reader.h"

#include <algorithm>

namespace troupe::memory {

namespace {

constexpr std::size_t kPage = 32;  // turns that are likely to reach to the last notes

// The turns that are not in the notes are all there.
bool reaches_notes(const TurnReader::Read& read) {
  const auto& notes = read.remembered.notes;
  return notes && std::ranges::find(read.rows, notes->upto, &store::RunRow::id) != read.rows.end();
}

}  // namespace

Task<Result<>> TurnReader::add_steps(std::vector<Turn>& turns) {
  if (!steps_ || turns.empty()) co_return Result<>();
  std::vector<std::string> runs;
  for (const Turn& turn : turns) runs.push_back(turn.run);
  auto steps = co_await steps_->steps(std::move(runs));
  if (!steps) co_return std::unexpected(steps.error());
  for (Turn& turn : turns)
    if (const auto own = steps->find(turn.run); own != steps->end()) turn.steps = std::move(own->second);
  co_return Result<>();
}

Task<Result<TurnReader::Read>> TurnReader::read(CallContext& context, std::size_t first, std::size_t most,
                                                bool noted, Enough enough) {
  if (steps_) most = std::min(most, kStepTurns);
  for (std::size_t limit = std::min(first, most);; limit = std::min(limit * 4, most)) {
    auto rows = co_await journal_.turns(context.session, context.agent, limit);
    if (!rows) co_return within("memory", rows.error());
    const bool all = rows->size() < limit || limit == most;
    Read read{.rows = std::move(*rows)};
    read.remembered = remember(read.rows, noted);
    if (auto added = co_await add_steps(read.remembered.turns); !added)
      co_return within("memory, tool steps", added.error());
    if (all || enough(read)) co_return read;
  }
}

Task<Result<TurnReader::Read>> TurnReader::read_since_notes(CallContext& context) {
  return read(context, kPage, kRecallTurns, true, reaches_notes);
}

Task<Result<Recollection>> TurnReader::again(Json record, Ruler ruler, CallContext& context) {
  auto rows = co_await journal_.turns(context.session, context.agent, kRecallTurns);
  if (!rows) co_return within("memory", rows.error());
  std::vector<Turn> turns = remember(*rows, false).turns;
  auto selection = selection_from(record, turns);
  if (!selection) co_return within("memory", selection.error());
  // Steps are read of what was recalled, not of a whole conversation.
  std::vector<Turn> named;
  for (Turn& turn : turns)
    if (std::ranges::find(selection->turns, turn.run, &Selection::Part::run) != selection->turns.end())
      named.push_back(std::move(turn));
  if (auto added = co_await add_steps(named); !added) co_return within("memory, tool steps", added.error());
  std::optional<Notes> notes;
  const auto keeper = std::ranges::find(*rows, selection->notes_of, &store::RunRow::id);
  if (keeper != rows->end()) notes = notes_in(*keeper);
  auto made = recollect(*selection, named, notes, ruler);
  if (!made) co_return within("memory", made.error());
  co_return made;
}

}  // namespace troupe::memory
