#include "agents/runs/tool_steps.h"

#include "agents/runs/facts.h"
#include "agents/runs/turn_record.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace troupe::agents {

namespace {

// What a request has that the one before had not, when that one's reply was a step: the reply, and a result
// for each native call, or one message with all of them. What follows is about something else.
void add_step(const Json& tail, std::vector<models::Message>& steps) {
  if (tail.empty()) return;
  models::Message said = message_from_fact(tail[0]);
  if (said.role != models::Role::assistant) return;
  const std::size_t results = said.tool_calls.empty() ? 1 : said.tool_calls.size();
  if (tail.size() < 1 + results) return;
  steps.push_back(std::move(said));
  for (std::size_t i = 1; i <= results; ++i) steps.push_back(message_from_fact(tail[i]));
}

}  // namespace

Result<std::vector<models::Message>> tool_steps(const std::vector<store::Fact>& facts,
                                                const std::vector<Frame>& events) {
  std::set<int> observed;
  for (const Frame& frame : events)
    if (frame.type == "observation") observed.insert(frame.step);
  std::vector<models::Message> steps;
  bool first = true;  // its request has what the run began with
  for (const store::Fact& fact : facts) {
    if (observed.empty()) break;
    if (fact.kind == kImportedStep) {
      auto step = imported_step(fact);
      if (!step) return step;
      std::ranges::move(*step, std::back_inserter(steps));
      continue;
    }
    if (fact.kind != "model.intent") continue;
    if (std::exchange(first, false) || !observed.contains(fact.step - 1)) continue;
    auto body = parse_json(fact.body);
    if (!body) return within("journal, run " + fact.run + ", fact model.intent", body.error());
    if (const Json* tail = find(*body, "tail"); tail && tail->is_array()) add_step(*tail, steps);
  }
  return steps;
}

Task<Result<std::map<std::string, std::vector<models::Message>>>> JournaledSteps::steps(
    std::vector<std::string> runs) {
  std::map<std::string, std::vector<models::Message>> all;
  for (const std::string& run : runs) {
    auto events = co_await journal_.read_run_events(run);
    if (!events) co_return std::unexpected(events.error());
    auto facts = co_await journal_.read_facts(run);
    if (!facts) co_return std::unexpected(facts.error());
    auto own = tool_steps(*facts, *events);
    if (!own) co_return std::unexpected(own.error());
    if (!own->empty()) all.emplace(run, std::move(*own));
  }
  co_return all;
}

}  // namespace troupe::agents
