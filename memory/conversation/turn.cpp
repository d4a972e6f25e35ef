#include "memory/conversation/turn.h"

#include "runtime/base/json.h"

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::string_view kWithheld = "withheld";
constexpr std::string_view kAttachments = "attachments";

// A run that a limit ended may have been asked for its best answer, which the user was shown.
bool answered(const store::RunRow& turn) {
  return turn.status == "done" || (turn.status == "limit" && !turn.answer.empty());
}

bool is_withheld(const store::RunRow& turn) {
  if (!turn.extra.contains(kWithheld)) return false;
  auto extra = parse_json(turn.extra);
  return !extra || find(*extra, kWithheld);
}

// A picture is looked at in the run that it came with; what remains of it is that there was one.
std::string pictures_note(const store::RunRow& turn) {
  if (!turn.extra.contains(kAttachments)) return "";
  auto extra = parse_json(turn.extra);
  const Json* pictures = extra ? find(*extra, kAttachments) : nullptr;
  if (!pictures || !pictures->is_array() || pictures->empty()) return "";
  return fmt::format("{}[{} image{}]", turn.input.empty() ? "" : "\n\n", pictures->size(),
                     pictures->size() == 1 ? "" : "s");
}

// What stands behind the user's words and tells about them.
std::string notes_on(const store::RunRow& turn) {
  std::string notes = pictures_note(turn);
  if (answered(turn)) {
    // An imported conversation may begin so; a model is not asked with an empty message.
    if (turn.input.empty() && notes.empty()) notes = "[The assistant spoke first.]";
    return notes;
  }
  return notes + fmt::format("\n\n[This message was not answered: the run was {}{}{}.]",
                             turn.status == "limit" ? "stopped by a limit" : turn.status,
                             turn.reason.empty() ? "" : ", ", turn.reason);
}

}  // namespace

std::vector<models::Message> Turn::messages() const {
  std::vector<models::Message> all;
  all.reserve(steps.size() + 2);
  all.push_back(user);
  all.insert(all.end(), steps.begin(), steps.end());
  if (answer) all.push_back(*answer);
  return all;
}

std::optional<Turn> turn_of(const store::RunRow& row) {
  if (is_withheld(row)) return std::nullopt;
  const std::string notes = notes_on(row);
  Turn turn{.run = row.id,
            .user = {.role = models::Role::user, .content = row.input + notes},
            .user_tail = notes.size()};
  if (answered(row)) turn.answer = models::Message{.role = models::Role::assistant, .content = row.answer};
  return turn;
}

std::string withheld(const std::string& extra) {
  auto whole = parse_json(extra);
  Json marked = whole && whole->is_object() ? std::move(*whole) : Json::object();
  marked[std::string(kWithheld)] = true;
  return dump(marked);
}

std::vector<models::Message> fold_turns(const std::vector<store::RunRow>& turns, std::size_t turns_max,
                                        std::size_t bytes_max) {
  // Newest first while counting, so that what does not fit is the oldest.
  std::size_t bytes = 0;
  std::size_t kept = 0;
  for (auto turn = turns.rbegin(); turn != turns.rend() && kept < turns_max; ++turn, ++kept) {
    bytes += turn->input.size() + turn->answer.size();
    if (bytes > bytes_max) break;
  }
  std::vector<models::Message> messages;
  messages.reserve(kept * 2);
  for (auto row = turns.end() - static_cast<std::ptrdiff_t>(kept); row != turns.end(); ++row)
    if (auto turn = turn_of(*row))
      for (models::Message& message : turn->messages()) messages.push_back(std::move(message));
  return messages;
}

}  // namespace troupe::memory
