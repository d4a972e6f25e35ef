#include "gateway/auth_limiter.h"

#include "runtime/base/limits.h"

#include <algorithm>

#include <boost/asio/ip/address.hpp>

namespace troupe::gateway {

namespace {

// Whoever has an IPv6 address usually has 2^64 of them.
std::string key_of(const std::string& address) {
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address(address, error);
  if (error || !parsed.is_v6()) return address;
  const auto bytes = parsed.to_v6().to_bytes();
  return {bytes.begin(), bytes.begin() + 8};
}

}  // namespace

AuthLimiter::Entry* AuthLimiter::find(const std::string& key, Instant now) {
  auto it = by_key_.find(key);
  if (it == by_key_.end()) return nullptr;
  Entry& entry = *it->second;
  const std::chrono::duration<double> passed = now - entry.at;
  entry.failures =
      std::max(0.0, entry.failures - passed / std::chrono::duration<double>(limits::kAuthRefill));
  entry.at = now;
  return &entry;
}

Milliseconds AuthLimiter::blocked(const std::string& address, Instant now) {
  const Entry* entry = find(key_of(address), now);
  const double over = entry ? entry->failures - (limits::kAuthFailures - 1) : 0;
  if (over <= 0) return Milliseconds(0);
  return std::chrono::ceil<Milliseconds>(over * std::chrono::duration<double>(limits::kAuthRefill));
}

bool AuthLimiter::failed(const std::string& address, Instant now) {
  const std::string key = key_of(address);
  if (Entry* entry = find(key, now)) {
    entry->failures += 1;
    entries_.splice(entries_.begin(), entries_, by_key_[key]);
    return entry->failures > limits::kAuthFailures - 1;
  }
  if (entries_.size() >= limits::kAuthAddresses) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({key, 1, now});
  by_key_[key] = entries_.begin();
  return false;
}

}  // namespace troupe::gateway
