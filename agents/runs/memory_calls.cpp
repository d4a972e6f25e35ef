#include "agents/runs/memory_calls.h"

#include "agents/budgets/purse.h"
#include "agents/runs/fact_fields.h"
#include "runtime/base/json.h"
#include "runtime/telemetry/log.h"

#include <map>
#include <set>
#include <utility>

namespace troupe::agents {

namespace {

constexpr std::string_view kIntent = "memory.intent";
constexpr std::string_view kUsed = "memory.used";

Task<Result<>> count(store::Journal& journal, Account& account, const Clock& clock, LostMemoryCall lost) {
  auto row = co_await journal.find_run(lost.run);
  if (!row) co_return std::unexpected(row.error());
  if (!*row) co_return Result<>{};
  Purse purse(account, clock, **row);
  const models::Usage usage{.input_tokens = lost.call.input, .estimated = true};
  store::Append append;
  append.spent.push_back(purse.spend(usage, lost.call.cost, lost.call.model));
  append.facts.push_back(memory_used(lost.run, usage, lost.call.cost));
  co_return co_await journal.commit(std::move(append));
}

}  // namespace

store::Fact memory_intent(const std::string& run, const MemoryCall& call) {
  const Json body = {
      {"agent", call.agent}, {"model", call.model}, {"input", call.input}, {"cost", call.cost}};
  return {.run = run, .kind = kIntent, .step = 0, .body = dump(body)};
}

store::Fact memory_used(const std::string& run, const models::Usage& usage, double cost) {
  const Json body = {{"input", usage.input_tokens},
                     {"output", usage.output_tokens},
                     {"cached", usage.cached_tokens},
                     {"cost", cost}};
  return {.run = run, .kind = kUsed, .step = 0, .body = dump(body)};
}

Result<std::vector<LostMemoryCall>> lost_memory_calls(const std::vector<store::Fact>& intents,
                                                      const std::vector<store::Fact>& used) {
  std::map<std::string_view, std::size_t> ended;  // by run
  for (const store::Fact& fact : used) ++ended[fact.run];
  std::vector<LostMemoryCall> lost;
  for (const store::Fact& fact : intents) {
    if (auto calls = ended.find(fact.run); calls != ended.end() && calls->second > 0) {
      --calls->second;
      continue;
    }
    auto body = parse_json(fact.body);
    if (!body) return within("journal, run " + fact.run + ", fact memory.intent", body.error());
    lost.push_back({fact.run,
                    {.agent = string_or(*body, "agent"),
                     .model = string_or(*body, "model"),
                     .input = number_or(*body, "input"),
                     .cost = amount_or(*body, "cost")}});
  }
  return lost;
}

Task<Result<>> count_lost_memory_calls(store::Journal& journal, Account& account, const Clock& clock,
                                       std::string session, std::string agent) {
  auto intents = co_await journal.session_facts(session, std::string(kIntent));
  if (!intents) co_return std::unexpected(intents.error());
  if (intents->empty()) co_return Result<>{};
  auto used = co_await journal.session_facts(session, std::string(kUsed));
  if (!used) co_return std::unexpected(used.error());
  auto lost = lost_memory_calls(*intents, *used);
  if (!lost) co_return std::unexpected(lost.error());
  for (LostMemoryCall& one : *lost) {
    if (!agent.empty() && one.call.agent != agent) continue;
    log::info("a crash took a memory's call to its model; its request is in the ledger",
              {{"run", one.run}, {"tokens", one.call.input}});
    if (auto counted = co_await count(journal, account, clock, std::move(one)); !counted) co_return counted;
  }
  co_return Result<>{};
}

Task<Result<>> count_lost_memory_calls(store::Journal& journal, Account& account, const Clock& clock,
                                       std::size_t runs) {
  auto newest = co_await journal.list_runs("", "", runs);
  if (!newest) co_return std::unexpected(newest.error());
  std::set<std::string> sessions;
  for (const store::RunRow& row : *newest) sessions.insert(row.session);
  for (const std::string& session : sessions)
    if (auto counted = co_await count_lost_memory_calls(journal, account, clock, session, ""); !counted)
      co_return counted;
  co_return Result<>{};
}

}  // namespace troupe::agents
