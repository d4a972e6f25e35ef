#include "plugins/memory_messages.h"

#include "memory/conversation/ruler.h"
#include "memory/conversation/turn_cut.h"
#include "tools/observation.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

constexpr std::size_t kShownBytes = 120;  // of an answer that is none

/// A turn as a memory is given it, and how large its words are.
struct Shown {
  Json json;
  std::size_t bytes = 0;
};

Shown shown(const memory::Turn& turn) {
  static const memory::Ruler ruler = memory::bytes();
  // What a turn's steps were is not told: only its words count.
  memory::Turn words{.run = turn.run, .user = turn.user, .user_tail = turn.user_tail, .answer = turn.answer};
  const memory::TurnCut cut = memory::cut_turn(words, kMemoryTurnBytes, ruler);
  const std::vector<models::Message> messages = memory::messages_of(words, cut);
  Shown made{.json = {{"user", messages.front().content}},
             .bytes = static_cast<std::size_t>(memory::size_of(messages, ruler))};
  if (turn.answer) made.json["assistant"] = messages.back().content;
  return made;
}

GivenTurns given(std::span<const memory::Turn> turns, bool newest) {
  std::vector<Json> taken;
  std::size_t bytes = 0;
  while (taken.size() < turns.size()) {
    Shown one = shown(turns[newest ? turns.size() - 1 - taken.size() : taken.size()]);
    bytes += one.bytes;
    if (bytes > kMemoryGivenBytes && !taken.empty()) break;
    taken.push_back(std::move(one.json));
  }
  if (newest) std::ranges::reverse(taken);
  const std::size_t count = taken.size();
  return {.first = newest ? turns.size() - count : 0, .count = count, .turns = Json(std::move(taken))};
}

std::unexpected<Error> wrong(std::string_view answer, std::string_view form, std::string_view why) {
  return fail(ErrorCode::protocol, fmt::format("what it answered is not {}: {} (it begins with {})", form,
                                               why, dump(Json(tools::beginning(answer, kShownBytes)))));
}

std::unexpected<Error> no_choice(std::string_view answer, std::string_view why) {
  return wrong(answer, R"({"turns": [places], "notes": true or false})", why);
}

std::unexpected<Error> no_notes(std::string_view answer, std::string_view why) {
  return wrong(answer, R"({"notes": text, "turns": number}, nor {})", why);
}

}  // namespace

GivenTurns newest_given(std::span<const memory::Turn> turns) {
  return given(turns, true);
}

GivenTurns oldest_given(std::span<const memory::Turn> turns) {
  return given(turns, false);
}

Result<TurnChoice> read_choice(std::string_view answer, std::size_t given) {
  auto json = parse_json(answer);
  if (!json) return no_choice(answer, json.error().message);
  if (!json->is_object()) return no_choice(answer, "it is no object");
  const Json* turns = find(*json, "turns");
  if (!turns || !turns->is_array()) return no_choice(answer, "it has no list `turns`");
  TurnChoice choice;
  std::vector<bool> seen(given);
  for (const Json& one : *turns) {
    if (!one.is_number_unsigned() || one.get<std::uint64_t>() >= given)
      return no_choice(answer, fmt::format("`turns` has {}, and {} turns were given, from 0 on",
                                           tools::beginning(dump(one), kShownBytes), given));
    const auto at = one.get<std::size_t>();
    if (seen[at]) return no_choice(answer, fmt::format("`turns` has {} twice", at));
    seen[at] = true;
    choice.places.push_back(at);
  }
  if (const Json* notes = find(*json, "notes")) {
    if (!notes->is_boolean()) return no_choice(answer, "its `notes` is neither true nor false");
    choice.notes = notes->get<bool>();
  }
  return choice;
}

Result<std::optional<NewNotes>> read_notes(std::string_view answer, std::size_t given) {
  auto json = parse_json(answer);
  if (!json) return no_notes(answer, json.error().message);
  if (!json->is_object()) return no_notes(answer, "it is no object");
  if (json->empty()) return std::nullopt;
  const Json* text = find(*json, "notes");
  if (!text || !text->is_string() || text->get_ref<const std::string&>().empty())
    return no_notes(answer, "it has no text `notes`");
  NewNotes notes{.text = text->get<std::string>()};
  if (notes.text.size() > kMemoryNotesBytes)
    return no_notes(answer, fmt::format("its `notes` have {} bytes, and {} are kept", notes.text.size(),
                                        kMemoryNotesBytes));
  const Json* turns = find(*json, "turns");
  if (!turns || !turns->is_number_unsigned())
    return no_notes(answer, "it has no number `turns`, how many of the turns are in the notes");
  if (turns->get<std::uint64_t>() > given)
    return no_notes(answer, fmt::format("its `turns` is {}, and {} were given", dump(*turns), given));
  notes.turns = turns->get<std::size_t>();
  return notes;
}

}  // namespace troupe::plugins
