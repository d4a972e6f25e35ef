#pragma once

#include "models/governor/governor.h"
#include "models/settings.h"
#include "runtime/async/loop.h"
#include "runtime/base/ids.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe::models {

/// The governors of a daemon, one for each endpoint and key. Each lives as long as some model uses it, so one
/// whose endpoint stays in the configuration goes through a reload with its pauses and counts: the new
/// generation of models is made while the old one is there. Loop thread only.
class Governors {
 public:
  /// `rules` are what entries do not set. `loop` and `rng` outlive the governors.
  Governors(Loop& loop, Rng& rng, GovernorRules rules = {}) : loop_(loop), rng_(rng), rules_(rules) {}

  /// How many calls one tenant may have at work, all endpoints together.
  void allow_tenants(std::size_t most) { tenants_->set(most); }

  /// The governor of `entry`. Where it is not there yet, it is made with the rates that the entries of its
  /// endpoint state in `all`.
  std::shared_ptr<Governor> of(const ModelSettings& entry, const std::vector<ModelSettings>& all);
  /// A configuration came into use: what it states holds from now on.
  void adopt(const std::vector<ModelSettings>& all);

  const GovernorRules& rules() const { return rules_; }

 private:
  Loop& loop_;
  Rng& rng_;
  const GovernorRules rules_;
  const std::shared_ptr<TenantCalls> tenants_ = std::make_shared<TenantCalls>();
  std::map<std::string, std::weak_ptr<Governor>> governors_;  // by endpoint and key, hashed
};

/// Two entries with one endpoint and key that state different values for `key`: one governor cannot keep
/// both.
struct RateConflict {
  std::string entry;
  std::string key;
  std::string other;
};
std::vector<RateConflict> rate_conflicts(const std::vector<ModelSettings>& all);

}  // namespace troupe::models
