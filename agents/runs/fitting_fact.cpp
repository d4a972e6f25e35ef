#include "agents/runs/fitting_fact.h"

#include "agents/runs/fact_fields.h"

namespace troupe::agents {

namespace {

std::size_t size_or_none(const Json& fact, std::string_view key) {
  const std::int64_t value = number_or(fact, key);
  return value > 0 ? static_cast<std::size_t>(value) : 0;
}

}  // namespace

Json fitting_to_fact(const Fitting& fitting) {
  Json fact = {{"messages", fitting.messages},
               {"before", fitting.before},
               {"after", fitting.after},
               {"limit", fitting.limit}};
  if (fitting.exceeded) fact["exceeded"] = true;
  if (fitting.turns > 0) fact["turns"] = {{"number", fitting.turns}, {"messages", fitting.turn_messages}};
  if (fitting.steps > 0)
    fact["steps"] = {{"number", fitting.steps}, {"messages", fitting.step_messages}, {"after", fitting.user}};
  for (const Fitting::Shortened& one : fitting.shortened)
    fact["shortened"].push_back({{"at", one.at}, {"bytes", one.bytes}});
  return fact;
}

Fitting fitting_from_fact(const Json& fact) {
  Fitting fitting{.messages = size_or_none(fact, "messages"),
                  .exceeded = flag(fact, "exceeded"),
                  .before = number_or(fact, "before"),
                  .after = number_or(fact, "after"),
                  .limit = number_or(fact, "limit")};
  if (const Json* turns = find(fact, "turns")) {
    fitting.turns = size_or_none(*turns, "number");
    fitting.turn_messages = size_or_none(*turns, "messages");
  }
  if (const Json* steps = find(fact, "steps")) {
    fitting.steps = size_or_none(*steps, "number");
    fitting.step_messages = size_or_none(*steps, "messages");
    fitting.user = size_or_none(*steps, "after");
  }
  if (const Json* list = find(fact, "shortened"); list && list->is_array())
    for (const Json& one : *list)
      fitting.shortened.push_back(
          {size_or_none(one, "at"), size_or_none(one, "bytes"), string_or(one, "content")});
  return fitting;
}

}  // namespace troupe::agents
