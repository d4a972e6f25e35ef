#pragma once

#include "models/limits.h"

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::models {

/// How many calls each tenant has at work, over all endpoints, and how many it may have. The governors of a
/// daemon share one, and each is told when a tenant that had as many as it may has room again. Loop thread
/// only; whoever waits in it stops before it is destroyed.
class TenantCalls {
 public:
  /// Somebody who may have calls waiting.
  class Waiting {
   public:
    virtual ~Waiting() = default;
    virtual void tenants_have_room() = 0;
  };

  explicit TenantCalls(std::size_t most = limits::kTenantCalls) : most_(most) {}
  TenantCalls(const TenantCalls&) = delete;
  TenantCalls& operator=(const TenantCalls&) = delete;

  bool room(const std::string& tenant) const;
  /// Counts one more, wherever there is room for it.
  void take(const std::string& tenant);
  /// One that was taken has ended. Who waits may go ahead before this returns.
  void give_back(const std::string& tenant);

  std::size_t most() const { return most_; }
  /// Another cap, from now on: calls at work stay.
  void set(std::size_t most);

  void add(Waiting& waiting) { waiting_.push_back(&waiting); }
  void remove(Waiting& waiting) { std::erase(waiting_, &waiting); }

 private:
  void tell();

  std::size_t most_;
  std::unordered_map<std::string, std::size_t> at_work_;
  std::vector<Waiting*> waiting_;
};

}  // namespace troupe::models
