#include "memory/conversation/turn_cut.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

std::string steps_note(std::size_t steps) {
  if (steps == 0) return "";
  return fmt::format("\n\n[{} tool step{} left out]", steps, steps == 1 ? "" : "s");
}

// Where each step begins, and where the last one ends.
std::vector<std::size_t> step_bounds(const Turn& turn) {
  std::vector<std::size_t> bounds;
  for (std::size_t i = 0; i < turn.steps.size(); ++i)
    if (i == 0 || turn.steps[i].role == models::Role::assistant) bounds.push_back(i);
  bounds.push_back(turn.steps.size());
  return bounds;
}

models::Message said(models::Message message, std::string text) {
  message.content = std::move(text);
  return message;
}

Cut cut_message(const models::Message& message, std::size_t tail_min, std::int64_t room, const Ruler& ruler) {
  models::Message measured{.role = message.role};
  return cut_to(
      message.content, tail_min,
      [&](std::string_view text) {
        measured.content = text;
        return ruler(measured);
      },
      room);
}

// A long answer says more than a long question: of what there is, the user's third and the answer's two are
// theirs, and what one does not need is the other's.
void cut_words(const Turn& turn, std::int64_t room, const Ruler& ruler, TurnCut& cut) {
  const std::string note = steps_note(cut.steps);
  const models::Message user = said(turn.user, turn.user.content + note);
  const std::int64_t asked = ruler(user);
  const std::int64_t told = turn.answer ? ruler(*turn.answer) : 0;
  std::int64_t for_user = asked;
  if (asked > room / 3) for_user = std::min(asked, std::max(room / 3, room - told));
  if (asked > for_user) cut.user = cut_message(user, turn.user_tail + note.size(), for_user, ruler);
  if (told > room - for_user) cut.answer = cut_message(*turn.answer, 0, room - for_user, ruler);
}

}  // namespace

std::vector<models::Message> messages_of(const Turn& turn, const TurnCut& cut) {
  std::vector<models::Message> messages;
  std::string asked = turn.user.content + steps_note(cut.steps);
  if (cut.user) asked = shortened(asked, *cut.user);
  messages.push_back(said(turn.user, std::move(asked)));
  const std::vector<std::size_t> bounds = step_bounds(turn);
  const std::size_t first = bounds[std::min(cut.steps, bounds.size() - 1)];
  messages.insert(messages.end(), turn.steps.begin() + static_cast<std::ptrdiff_t>(first), turn.steps.end());
  if (turn.answer)
    messages.push_back(cut.answer ? said(*turn.answer, shortened(turn.answer->content, *cut.answer))
                                  : *turn.answer);
  return messages;
}

std::int64_t size_of(const Turn& turn, const Ruler& ruler) {
  return ruler(turn.user) + size_of(turn.steps, ruler) + (turn.answer ? ruler(*turn.answer) : 0);
}

TurnCut cut_turn(const Turn& turn, std::int64_t room, const Ruler& ruler) {
  TurnCut cut;
  const std::vector<std::size_t> bounds = step_bounds(turn);
  std::int64_t steps = size_of(turn.steps, ruler);
  const std::int64_t told = turn.answer ? ruler(*turn.answer) : 0;
  for (;; ++cut.steps) {
    const std::int64_t asked = ruler(said(turn.user, turn.user.content + steps_note(cut.steps)));
    if (asked + steps + told <= room) return cut;
    if (cut.steps + 1 == bounds.size()) break;
    steps -= size_of(
        std::span(turn.steps).subspan(bounds[cut.steps], bounds[cut.steps + 1] - bounds[cut.steps]), ruler);
  }
  cut_words(turn, room, ruler, cut);
  return cut;
}

}  // namespace troupe::memory
