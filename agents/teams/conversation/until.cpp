#include "agents/teams/conversation/until.h"

#include "agents/teams/topics.h"
#include "runtime/base/json.h"
#include "runtime/config/scalar.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using Kind = UntilSettings::Kind;

std::optional<Held> when(bool held, std::string words) {
  if (!held) return std::nullopt;
  return Held{.words = std::move(words)};
}

std::optional<Held> any_of(const UntilSettings& until, const Conversation& said, const TeamUse& use) {
  for (const UntilSettings& part : until.parts)
    if (auto held = holds(part, said, use)) return held;
  return std::nullopt;
}

std::optional<Held> all_of(const UntilSettings& until, const Conversation& said, const TeamUse& use) {
  std::optional<Held> together;
  for (const UntilSettings& part : until.parts) {
    auto held = holds(part, said, use);
    if (!held) return std::nullopt;
    if (!together) {
      together = std::move(held);
      continue;
    }
    together->words += " and " + held->words;
    if (!together->at) {
      together->at = held->at;
      together->marker = std::move(held->marker);
    }
  }
  return together;
}

std::optional<Held> text_said(const std::string& text, const Conversation& said) {
  const auto& all = said.all();
  if (text.empty()) return std::nullopt;
  for (std::size_t i = all.size(); i-- > 0;)
    if (!all[i].from.empty() && all[i].text.find(text) != std::string::npos)
      return Held{.words = fmt::format("{} said \"{}\"", all[i].from, text), .marker = text, .at = i};
  return std::nullopt;
}

// A copy of a member is the member.
bool has_spoken(std::string_view name, const Conversation& said) {
  return std::ranges::any_of(said.all(), [name](const Utterance& utterance) {
    const std::string_view from = utterance.from;
    return !from.empty() && (from == name || from.substr(0, from.find('#')) == name);
  });
}

// Notes come when they come, what is said only at turns.
bool depends_on_use(const UntilSettings& until, bool with_notes) {
  switch (until.kind) {
    case Kind::messages:
      return with_notes;
    case Kind::turns:
    case Kind::time:
    case Kind::tokens:
    case Kind::cost:
      return true;
    case Kind::any:
    case Kind::all:
    case Kind::negation:
      return std::ranges::any_of(
          until.parts, [with_notes](const UntilSettings& part) { return depends_on_use(part, with_notes); });
    case Kind::text:
    case Kind::speaker:
      break;
  }
  return false;
}

Json to_json(const std::optional<Held>& held) {
  if (!held) return false;
  Json json = {{"words", held->words}, {"marker", held->marker}};
  if (held->at) json["at"] = *held->at;
  return json;
}

std::optional<Held> from_json(const Json& json, std::size_t utterances) {
  if (!json.is_object()) return std::nullopt;
  Held held{.words = string_or(json, "words"), .marker = string_or(json, "marker")};
  if (const Json* at = find(json, "at"); at && at->is_number_unsigned())
    if (const auto place = at->get<std::size_t>(); place < utterances) held.at = place;
  return held;
}

}  // namespace

std::optional<Held> holds(const UntilSettings& until, const Conversation& said, const TeamUse& use) {
  switch (until.kind) {
    case Kind::any:
      return any_of(until, said, use);
    case Kind::all:
      return all_of(until, said, use);
    case Kind::negation:
      if (until.parts.size() != 1 || holds(until.parts[0], said, use)) return std::nullopt;
      return Held{.words = "what `not` names does not hold"};
    case Kind::messages:
      return when(std::cmp_greater_equal(said.messages() + static_cast<std::size_t>(use.notes), until.count),
                  fmt::format("{} messages", until.count));
    case Kind::turns:
      return when(use.turns >= until.count, fmt::format("{} turns", until.count));
    case Kind::tokens:
      return when(use.tokens >= until.count, fmt::format("{} tokens used", until.count));
    case Kind::cost:
      return when(use.cost >= until.cost, fmt::format("a cost of {}", until.cost));
    case Kind::time:
      return when(use.time >= until.time, fmt::format("{} passed", config::show_duration(until.time)));
    case Kind::speaker:
      return when(has_spoken(until.text, said), fmt::format("{} has spoken", until.text));
    case Kind::text:
      break;
  }
  return text_said(until.text, said);
}

std::optional<Held> held_until(Crew& crew, const std::string& key, const Conversation& said) {
  const auto& until = crew.settings().until;
  if (!until) return std::nullopt;
  if (!depends_on_use(*until, has_notes(crew.settings()))) return holds(*until, said, crew.used());
  if (const auto known = crew.decided(key)) return from_json(*known, said.all().size());
  auto held = holds(*until, said, crew.used());
  crew.decide(key, to_json(held));
  return held;
}

}  // namespace troupe::agents
