#include "agents/runs/run_json.h"

#include "agents/forks/lineage.h"
#include "runtime/base/clock.h"

namespace troupe::agents {

Json to_json(const store::RunRow& row) {
  Json json = {{"run", row.id},
               {"session", row.session},
               {"target", row.target},
               {"status", row.status},
               {"reason", row.reason},
               {"input", row.input},
               {"answer", row.answer},
               {"steps", row.steps},
               {"input_tokens", row.input_tokens},
               {"output_tokens", row.output_tokens},
               {"cost", row.cost},
               {"created", rfc3339(row.created_ms)}};
  if (row.finished()) json["finished"] = rfc3339(row.finished_ms);
  if (Json from = to_json(lineage_of(row)); !from.is_null()) json["forked_from"] = std::move(from);
  return json;
}

Json to_json(const PendingApproval& waiting) {
  Json json = {
      {"run", waiting.run}, {"call", waiting.call}, {"tool", waiting.tool}, {"input", waiting.input}};
  if (!waiting.question.empty()) json["question"] = waiting.question;
  if (!waiting.reason.empty()) json["reason"] = waiting.reason;
  return json;
}

}  // namespace troupe::agents
