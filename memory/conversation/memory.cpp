#include "memory/conversation/memory.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::string_view kWithheld = "withheld";
constexpr std::string_view kAttachments = "attachments";

class NoMemory final : public Memory {
 public:
  Task<Result<std::vector<models::Message>>> recall(CallContext&) override {
    co_return std::vector<models::Message>();
  }
};

// buffer and window are one thing with another bound.
class TurnMemory final : public Memory {
 public:
  TurnMemory(std::size_t turns_max, store::Journal& journal) : turns_max_(turns_max), journal_(journal) {}

  Task<Result<std::vector<models::Message>>> recall(CallContext& context) override {
    auto turns = co_await journal_.turns(context.session, context.agent, turns_max_);
    if (!turns) co_return within("memory", turns.error());
    co_return fold_turns(*turns, turns_max_);
  }

 private:
  std::size_t turns_max_;
  store::Journal& journal_;
};

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

std::string user_text(const store::RunRow& turn) {
  const std::string said = turn.input + pictures_note(turn);
  if (answered(turn)) return said;
  return fmt::format("{}\n\n[This message was not answered: the run was {}{}{}.]", said,
                     turn.status == "limit" ? "stopped by a limit" : turn.status,
                     turn.reason.empty() ? "" : ", ", turn.reason);
}

}  // namespace

std::string withheld(const std::string& extra) {
  auto whole = parse_json(extra);
  Json marked = whole && whole->is_object() ? std::move(*whole) : Json::object();
  marked[std::string(kWithheld)] = true;
  return dump(marked);
}

std::vector<std::string_view> memory_types() {
  return {"none", "buffer", "window"};
}

Result<std::unique_ptr<Memory>> make_memory(const MemorySettings& settings, store::Journal& journal) {
  if (settings.type == "none") return std::make_unique<NoMemory>();
  if (settings.type == "buffer") return std::make_unique<TurnMemory>(kRecallTurns, journal);
  if (settings.type == "window") {
    auto turns =
        std::clamp<std::size_t>(static_cast<std::size_t>(std::max(settings.turns, 0)), 0, kRecallTurns);
    return std::make_unique<TurnMemory>(turns, journal);
  }
  return fail(ErrorCode::invalid, fmt::format("there is no memory type `{}`; known: {}", settings.type,
                                              fmt::join(memory_types(), ", ")));
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
  for (auto turn = turns.end() - static_cast<std::ptrdiff_t>(kept); turn != turns.end(); ++turn) {
    if (is_withheld(*turn)) continue;
    messages.push_back({.role = models::Role::user, .content = user_text(*turn)});
    if (answered(*turn)) messages.push_back({.role = models::Role::assistant, .content = turn->answer});
  }
  return messages;
}

}  // namespace troupe::memory
