#include "models/governor/tenant_calls.h"

namespace troupe::models {

bool TenantCalls::room(const std::string& tenant) const {
  const auto known = at_work_.find(tenant);
  return known == at_work_.end() || known->second < most_;
}

void TenantCalls::take(const std::string& tenant) {
  ++at_work_[tenant];
}

void TenantCalls::give_back(const std::string& tenant) {
  const auto known = at_work_.find(tenant);
  if (known == at_work_.end()) return;
  const bool was_full = known->second >= most_;
  if (--known->second == 0) at_work_.erase(known);
  if (was_full) tell();
}

void TenantCalls::set(std::size_t most) {
  const bool more = most > most_;
  most_ = most;
  if (more) tell();
}

// Whoever is told may end calls of others, which come here again.
void TenantCalls::tell() {
  for (std::size_t i = 0; i < waiting_.size(); ++i) waiting_[i]->tenants_have_room();
}

}  // namespace troupe::models
