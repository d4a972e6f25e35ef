#include "agents/runs/stop_fact.h"

#include "agents/runs/fact_fields.h"

namespace troupe::agents {

store::Fact stopped_fact(const RunRecord& record, int step, const RunStopped& stopped) {
  Json body = {{"why", stopped.deadline ? "deadline" : "cancelled"}, {"used_ms", stopped.used.count()}};
  if (stopped.after_step) body["after_step"] = true;
  if (stopped.between) body["between"] = true;
  return record.fact(kStoppedFact, step, body);
}

RunStopped stopped_from_fact(const Json& fact) {
  return {.deadline = string_or(fact, "why") == "deadline",
          .after_step = flag(fact, "after_step"),
          .between = flag(fact, "between"),
          .used = Milliseconds(number_or(fact, "used_ms"))};
}

}  // namespace troupe::agents
