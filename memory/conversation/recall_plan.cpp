#include "memory/conversation/recall_plan.h"

#include <algorithm>
#include <map>

namespace troupe::memory {

namespace {

constexpr std::int64_t kWorthCutting = 100;  // less of a long turn says nothing

// Turns are chosen one by one while there is room.
class Choice {
 public:
  Choice(std::span<const Turn> turns, std::int64_t room, const Ruler& ruler)
      : turns_(turns), room_(room), left_(room), ruler_(ruler) {}

  /// Whole, or not at all.
  bool take(std::size_t at) { return take(at, size_of(turns_[at], ruler_), {}); }

  /// Whole, or shortened to `most`.
  void take_within(std::size_t at, std::int64_t most) {
    if (take(at)) return;
    const TurnCut cut = cut_turn(turns_[at], most, ruler_);
    const std::int64_t size = size_of(messages_of(turns_[at], cut), ruler_);
    chosen_[at] = cut;
    left_ -= size;
  }

  /// A turn so large that it would push out everything else may be shortened to what is left.
  bool take_part(std::size_t at) {
    if (left_ < kWorthCutting || size_of(turns_[at], ruler_) <= room_ / 2) return false;
    const TurnCut cut = cut_turn(turns_[at], left_, ruler_);
    return take(at, size_of(messages_of(turns_[at], cut), ruler_), cut);
  }

  std::int64_t left() const { return left_; }
  bool has(std::size_t at) const { return chosen_.contains(at); }
  std::size_t count() const { return chosen_.size(); }
  std::vector<Selection::Part> parts() const {
    std::vector<Selection::Part> parts;
    for (const auto& [at, cut] : chosen_) parts.push_back({turns_[at].run, cut});
    return parts;
  }

 private:
  bool take(std::size_t at, std::int64_t size, const TurnCut& cut) {
    if (size > left_) return false;
    chosen_[at] = cut;
    left_ -= size;
    return true;
  }

  std::span<const Turn> turns_;
  std::int64_t room_;
  std::int64_t left_;
  const Ruler& ruler_;
  std::map<std::size_t, TurnCut> chosen_;
};

void take_newest(Choice& choice, std::size_t turns, std::size_t most) {
  if (turns == 0 || most == 0) return;
  const std::int64_t room = choice.left();
  choice.take_within(turns - 1, turns > 1 && most > 1 ? room - room / 4 : room);
  for (std::size_t at = turns - 1; at-- > 0 && choice.count() < most;) {
    if (choice.take(at)) continue;
    (void)choice.take_part(at);
    return;
  }
}

// The notes as far as their room goes: an earlier setting may have let them be longer.
std::size_t notes_bytes(const Notes& notes, std::int64_t room, const Ruler& ruler) {
  const auto size = [&](std::string_view text) {
    std::string shown(text);
    if (shown.size() < notes.text.size()) shown += " […]";
    return ruler(notes_message(shown, kRecallTurns));
  };
  return whole_sentences(notes.text, size, room);
}

// Every selection is of the turns it was made from.
Recollection words_of(const Selection& selection, const Remembered& remembered, const Ruler& ruler) {
  return std::move(*recollect(selection, remembered.turns, remembered.notes, ruler));
}

}  // namespace

bool summarises(const MemorySettings& settings) {
  return settings.type == "summary" || settings.type == "summary_buffer";
}

bool counts_tokens(const MemorySettings& settings) {
  return settings.type == "token_buffer" || summarises(settings) || !memory_of_plugin(settings.type).empty();
}

RecallBounds bounds_of(const MemorySettings& settings) {
  RecallBounds bounds;
  if (settings.type == "none") bounds.turns = 0;
  if (settings.type == "window" || settings.type == "facts")
    bounds.turns =
        std::clamp<std::size_t>(static_cast<std::size_t>(std::max(settings.turns, 0)), 0, kRecallTurns);
  if (counts_tokens(settings)) bounds.size = settings.max_tokens;
  // A summary alone is most of what is remembered; beside a buffer it is what came before.
  if (settings.type == "summary") bounds.notes = settings.max_tokens / 2;
  if (settings.type == "summary_buffer") bounds.notes = settings.max_tokens * 3 / 10;
  if (!memory_of_plugin(settings.type).empty()) bounds.notes = settings.max_tokens / 2;
  return bounds;
}

Recollection recall_last(const Remembered& remembered, const RecallBounds& bounds, const Ruler& ruler) {
  Selection selection;
  std::int64_t room = bounds.size;
  if (bounds.notes > 0) {
    std::string_view text;
    if (remembered.notes) {
      selection.notes_of = remembered.notes->kept_by;
      selection.notes_bytes = notes_bytes(*remembered.notes, bounds.notes, ruler);
      room -= bounds.notes;
    } else {
      room -= ruler(notes_message(text, kRecallTurns));
    }
  }
  Choice choice(remembered.turns, room, ruler);
  take_newest(choice, remembered.turns.size(), bounds.turns);
  selection.turns = choice.parts();
  const std::size_t older = remembered.turns.size() - selection.turns.size();
  if (bounds.notes > 0) selection.left_out = std::min(older, kRecallTurns);
  Recollection made = words_of(selection, remembered, ruler);
  made.older = older;
  return made;
}

Recollection recall_places(const Remembered& remembered, std::span<const std::size_t> places,
                           std::size_t last, const RecallBounds& bounds, const Ruler& ruler) {
  Choice choice(remembered.turns, bounds.size, ruler);
  take_newest(choice, remembered.turns.size(), std::min(last, bounds.turns));
  for (std::size_t at : places)
    if (at < remembered.turns.size() && !choice.has(at) && choice.count() < bounds.turns)
      (void)choice.take(at);
  Selection selection{.turns = choice.parts()};
  Recollection made = words_of(selection, remembered, ruler);
  made.older = remembered.turns.size() - selection.turns.size();
  return made;
}

Recollection recall_chosen(const Remembered& remembered, std::span<const std::size_t> places, bool shown,
                           const RecallBounds& bounds, const Ruler& ruler) {
  Selection selection;
  if (shown && remembered.notes) {
    selection.notes_of = remembered.notes->kept_by;
    selection.notes_bytes = notes_bytes(*remembered.notes, bounds.notes, ruler);
  }
  Choice choice(remembered.turns, bounds.size - words_of(selection, remembered, ruler).size, ruler);
  for (std::size_t at : places.first(std::min(places.size(), bounds.turns))) {
    if (choice.count() == 0)
      choice.take_within(at, places.size() > 1 ? choice.left() - choice.left() / 4 : choice.left());
    else if (!choice.take(at))
      (void)choice.take_part(at);
  }
  selection.turns = choice.parts();
  Recollection made = words_of(selection, remembered, ruler);
  made.older = remembered.turns.size() - selection.turns.size();
  if (!shown && remembered.notes) made.older += static_cast<std::size_t>(remembered.notes->turns);
  return made;
}

}  // namespace troupe::memory
