#include "agents/runs/settlements.h"

#include "agents/budgets/purse.h"
#include "agents/limits.h"
#include "agents/runs/agent_memory.h"
#include "agents/runs/facts.h"
#include "agents/runs/paid_model.h"
#include "agents/runs/tool_steps.h"
#include "models/warning.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

/// Journals the warnings of a settlement; what else a call reports on its way is nobody's.
class Settlements::Events final : public EventSink {
 public:
  Events(store::Journal& journal, const store::RunRow& run) : journal_(journal), run_(run) {}
  void publish(Event event) override {
    if (event.type != "warning") return;
    event.session = run_.session;
    event.agent = run_.agent;
    event.run.clear();
    event.step = 0;
    store::Append append;
    append.events.push_back(std::move(event));
    journal_.post(std::move(append));
  }

 private:
  store::Journal& journal_;
  const store::RunRow& run_;
};

void Settlements::begin(std::shared_ptr<const Agent> agent, store::RunRow run) {
  if (stop_.requested() || !agent->memory.settles()) return;
  Key key(run.session, run.agent);
  if (auto open = open_.find(key); open != open_.end()) {
    open->second = {std::move(agent), std::move(run), true};
    return;
  }
  open_.emplace(key, One{std::move(agent), std::move(run)});
  nursery_.spawn("memory after a run", [this, key] { return work(key); });
}

void Settlements::stop() {
  stop_.request(StopReason::shutdown);
}

bool Settlements::at_work_on(const std::string& session) const {
  const auto first = open_.lower_bound(Key(session, ""));
  return first != open_.end() && first->first.first == session;
}

Task<> Settlements::work(Key key) {
  for (;;) {
    One& open = open_.at(key);
    open.again = false;
    const One one = open;  // the entry is replaced when a run ends meanwhile
    co_await settle(one);
    if (stop_.requested() || !open_.at(key).again) break;
  }
  open_.erase(key);
}

Task<> Settlements::settle(const One& one) {
  Purse purse(account_, loop_.clock(), one.run);
  Result<> settled = co_await purse.open(journal_);
  Events events(journal_, one.run);
  Stop stop(stop_);
  auto alarm =
      loop_.at(loop_.clock().now() + limits::kSettleTime, [&stop] { stop.request(StopReason::deadline); });
  CallContext context{.loop = loop_,
                      .stop = stop,
                      .deadline = Deadline(loop_.clock().now() + limits::kSettleTime),
                      .events = events,
                      .principal = {.name = "", .tenant = one.run.tenant},
                      .session = one.run.session,
                      .run = "",
                      .agent = one.run.agent};
  JournaledSteps steps(journal_);
  PaidModel model(*one.agent, one.run, purse, account_, journal_);
  auto memory = memory_of(*one.agent, journal_, steps, one.agent->memory.model ? &model : nullptr);
  if (settled && !memory) settled = std::unexpected(memory.error());
  if (settled) settled = co_await (*memory)->settle(context);
  if (settled || stop_.requested()) co_return;
  models::warn(context, "memory_degraded",
               fmt::format("nothing was done about the earlier turns; tried again after the next answer: {}",
                           settled.error().message));
}

}  // namespace troupe::agents
