#include "memory/conversation/notes.h"

#include "memory/conversation/turn.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::string_view kMember = "memory";
constexpr std::string_view kOpen = "<notes>\n";
constexpr std::string_view kClose = "\n</notes>";

// What a user once said may end up in the notes, and must not end them.
std::string fenced(std::string_view text) {
  constexpr std::string_view kEnd = "</notes";
  std::string inside(text);
  for (auto at = inside.find(kEnd); at != std::string::npos; at = inside.find(kEnd, at))
    inside.replace(at, 2, "<\\/");
  return inside;
}

}  // namespace

std::string with_notes(const std::string& extra, const Notes& notes) {
  auto whole = parse_json(extra);
  Json marked = whole && whole->is_object() ? std::move(*whole) : Json::object();
  marked[std::string(kMember)] = {{"summary", notes.text}, {"upto", notes.upto}, {"turns", notes.turns}};
  return dump(marked);
}

std::optional<Notes> notes_in(const store::RunRow& row) {
  if (!row.extra.contains("\"memory\"")) return std::nullopt;
  auto extra = parse_json(row.extra);
  const Json* memory = extra ? find(*extra, kMember) : nullptr;
  if (!memory) return std::nullopt;
  Notes notes{.text = string_or(*memory, "summary"), .upto = string_or(*memory, "upto"), .kept_by = row.id};
  if (const Json* turns = find(*memory, "turns"); turns && turns->is_number_integer())
    notes.turns = turns->get<std::int64_t>();
  const Json* upto = find(*memory, "upto");  // "" where they are on no turn
  if (notes.text.empty() || !upto || !upto->is_string()) return std::nullopt;
  return notes;
}

models::Message notes_message(std::string_view text, std::size_t left_out) {
  std::string content;
  if (!text.empty())
    content = fmt::format("[Notes on this conversation so far]\n{}{}{}", kOpen, fenced(text), kClose);
  if (left_out > 0)
    content += fmt::format("{}[{} turn{} before the next message left out]", text.empty() ? "" : "\n",
                           left_out, left_out == 1 ? "" : "s");
  return {.role = models::Role::user, .content = std::move(content)};
}

std::int64_t room_for_text(std::int64_t room, const Ruler& ruler) {
  // The frame around one letter, and a little for what meets at the seams of a text and its frame.
  constexpr std::int64_t kSeams = 2;
  return std::max<std::int64_t>(0, room - ruler(notes_message(".", kRecallTurns)) - kSeams);
}

Event compacted_event(Event event, std::size_t kept, std::size_t dropped, const Notes& notes) {
  event.fields = {{"kept", kept}, {"dropped", dropped}, {"summary", notes.text}};
  return event;
}

}  // namespace troupe::memory
