#pragma once

#include "runtime/base/clock.h"

#include <list>
#include <string>
#include <unordered_map>

namespace troupe::gateway {

/// Counts wrong tokens by address (an IPv6 peer counts with its whole /64): kAuthFailures at once, then one
/// per kAuthRefill. Who is over it is not even compared. Bounded: the address that failed longest ago is
/// forgotten first. Pure; loop thread.
class AuthLimiter {
 public:
  /// How long this address must wait before it may try again; zero when it may try now.
  Milliseconds blocked(const std::string& address, Instant now);
  /// A wrong token. True when this one is the last before it is blocked, which is worth a line in the log.
  bool failed(const std::string& address, Instant now);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    double failures = 0;
    Instant at;
  };
  using Entries = std::list<Entry>;

  Entry* find(const std::string& key, Instant now);

  Entries entries_;  // most recent failure first
  std::unordered_map<std::string, Entries::iterator> by_key_;
};

}  // namespace troupe::gateway
