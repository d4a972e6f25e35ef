#include "memory/conversation/recollection.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

Json cut_json(const Cut& cut) {
  return Json::array({cut.head, cut.tail});
}

Json part_json(const Selection::Part& part) {
  Json json = {{"run", part.run}};
  if (part.cut.steps > 0) json["steps"] = part.cut.steps;
  if (part.cut.user) json["user"] = cut_json(*part.cut.user);
  if (part.cut.answer) json["answer"] = cut_json(*part.cut.answer);
  return json;
}

std::size_t number(const Json& json, std::string_view key) {
  const Json* member = find(json, key);
  return member && member->is_number_unsigned() ? member->get<std::size_t>() : 0;
}

std::optional<Cut> cut_from(const Json& json, std::string_view key) {
  const Json* cut = find(json, key);
  if (!cut || !cut->is_array() || cut->size() != 2) return std::nullopt;
  if (!cut->at(0).is_number_unsigned() || !cut->at(1).is_number_unsigned()) return std::nullopt;
  return Cut{cut->at(0).get<std::size_t>(), cut->at(1).get<std::size_t>()};
}

std::size_t place_of(std::span<const Turn> order, const std::string& run) {
  return static_cast<std::size_t>(std::ranges::find(order, run, &Turn::run) - order.begin());
}

// How many whole turns from `at` on follow on each other in `order`, too.
std::size_t run_length(const std::vector<Selection::Part>& parts, std::size_t at,
                       std::span<const Turn> order) {
  const std::size_t place = place_of(order, parts[at].run);
  std::size_t length = 0;
  while (at + length < parts.size() && place + length < order.size() && parts[at + length].cut.nothing() &&
         parts[at + length].run == order[place + length].run)
    ++length;
  return length;
}

std::unexpected<Error> unreadable(std::string_view why) {
  return fail(ErrorCode::store, fmt::format("what a run wrote down of its memory does not read: {}", why));
}

Result<> add_range(const std::string& first, const std::string& last, std::span<const Turn> order,
                   Selection& selection) {
  const std::size_t from = place_of(order, first);
  const std::size_t to = place_of(order, last);
  if (from == order.size() || to == order.size() || to < from)
    return unreadable(fmt::format("runs {} to {} are not there", first, last));
  for (std::size_t i = from; i <= to; ++i) selection.turns.push_back({order[i].run, {}});
  return {};
}

}  // namespace

Json to_json(const Selection& selection, std::span<const Turn> order) {
  Json json = Json::object();
  if (!selection.notes_of.empty())
    json["notes"] = {{"run", selection.notes_of}, {"bytes", selection.notes_bytes}};
  if (selection.left_out > 0) json["left_out"] = selection.left_out;
  Json& turns = json["turns"] = Json::array();
  for (std::size_t i = 0; i < selection.turns.size();) {
    const std::size_t length = run_length(selection.turns, i, order);
    if (length > 1)
      turns.push_back({{"from", selection.turns[i].run}, {"to", selection.turns[i + length - 1].run}});
    else
      turns.push_back(part_json(selection.turns[i]));
    i += std::max<std::size_t>(length, 1);
  }
  return json;
}

Result<Selection> selection_from(const Json& json, std::span<const Turn> order) {
  Selection selection{.left_out = number(json, "left_out")};
  if (const Json* notes = find(json, "notes")) {
    selection.notes_of = string_or(*notes, "run");
    selection.notes_bytes = number(*notes, "bytes");
  }
  const Json* turns = find(json, "turns");
  if (!turns || !turns->is_array()) return unreadable("it has no list `turns`");
  for (const Json& part : *turns) {
    if (find(part, "from")) {
      auto added = add_range(string_or(part, "from"), string_or(part, "to"), order, selection);
      if (!added) return std::unexpected(added.error());
      continue;
    }
    const std::string run = string_or(part, "run");
    if (run.empty()) return unreadable("a turn without its run");
    selection.turns.push_back({run,
                               {.steps = number(part, "steps"),
                                .user = cut_from(part, "user"),
                                .answer = cut_from(part, "answer")}});
  }
  return selection;
}

}  // namespace troupe::memory
