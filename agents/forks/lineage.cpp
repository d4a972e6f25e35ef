#include "agents/forks/lineage.h"

#include "agents/runs/fact_fields.h"

#include <algorithm>
#include <utility>

namespace troupe::agents {

namespace {

constexpr const char* kForkedFrom = "forked_from";
constexpr const char* kGranted = "granted";

Json extra_of(const store::RunRow& row) {
  auto extra = row.extra.empty() ? Result<Json>(Json::object()) : parse_json(row.extra);
  return extra && extra->is_object() ? std::move(*extra) : Json::object();
}

}  // namespace

Lineage lineage_of(const store::RunRow& row) {
  Lineage lineage;
  if (row.extra.empty()) return lineage;
  const Json extra = extra_of(row);
  if (const Json* from = find(extra, kForkedFrom)) {
    lineage.run = string_or(*from, "run");
    lineage.kept = static_cast<int>(number_or(*from, "kept"));
  }
  lineage.granted = static_cast<int>(std::max<std::int64_t>(1, number_or(extra, kGranted, 1)));
  return lineage;
}

void put(const Lineage& lineage, store::RunRow& row) {
  Json extra = extra_of(row);
  extra[kForkedFrom] = {{"run", lineage.run}, {"kept", lineage.kept}};
  extra.erase(kGranted);
  if (lineage.granted > 1) extra[kGranted] = lineage.granted;
  row.extra = dump(extra);
}

Json to_json(const Lineage& lineage) {
  if (lineage.run.empty()) return nullptr;
  return {{"run", lineage.run}, {"kept", lineage.kept}};
}

}  // namespace troupe::agents
