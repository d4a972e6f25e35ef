#include "runtime/store/batch_faults.h"

namespace troupe::store {

void BatchFaults::read(const Append& append) {
  kinds_.clear();
  if (!faults_armed()) return;
  for (const Event& event : append.events) kinds_.emplace_back(event.type);
  for (const Fact& fact : append.facts) kinds_.emplace_back(fact.kind);
}

void BatchFaults::read(const Batch& batch) {
  kinds_.clear();
  if (!faults_armed()) return;
  std::vector<std::string> all;
  for (const auto& entry : batch) {
    read(entry->append);
    all.insert(all.end(), kinds_.begin(), kinds_.end());
  }
  kinds_ = std::move(all);
}

Fault BatchFaults::reach(std::string_view point) const {
  Fault first = fault_point(point);
  for (const std::string& kind : kinds_) {
    const Fault fault = fault_point(std::string(point) + "/" + kind);
    if (first == Fault::none) first = fault;
  }
  return first;
}

}  // namespace troupe::store
