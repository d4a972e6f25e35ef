#include "models/governor/governors.h"

#include "models/endpoint.h"
#include "runtime/base/ascii.h"
#include "runtime/base/sha256.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace troupe::models {

namespace {

std::string address_of(const ModelSettings& entry) {
  std::string_view url = entry.base_url.empty() ? public_url(entry.provider) : entry.base_url;
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

// Scheme, host and port, however the rest of the address is written.
std::string server_of(const ModelSettings& entry) {
  std::string url = shown_url(address_of(entry));
  const std::size_t host = url.find("://");
  if (host == std::string::npos) return url;
  url.resize(std::min(url.size(), url.find('/', host + 3)));
  url = lower(url);
  return url;
}

// The same for whatever goes to one server with one key. Hashed, because it holds secrets.
std::string identity_of(const ModelSettings& entry) {
  std::string all = entry.provider + '\n' + server_of(entry) + '\n' + entry.api_key;
  for (const auto& [name, value] : entry.extra_headers) all += '\n' + name + ": " + value;
  return sha256_hex(all);
}

struct Stated {
  std::string_view key;
  std::int64_t value;  // 0: not stated
};
std::vector<Stated> stated_by(const ModelSettings& entry) {
  return {{"requests_per_minute", entry.requests_per_minute},
          {"tokens_per_minute", entry.tokens_per_minute},
          {"concurrency", entry.concurrency}};
}

// The least of what is stated.
GovernorRules rules_of(const std::string& identity, const std::vector<ModelSettings>& all,
                       GovernorRules rules) {
  bool capped = false;
  auto least = [](auto& rule, auto value) {
    if (value > 0) rule = rule > 0 ? std::min<std::int64_t>(rule, value) : value;
  };
  for (const ModelSettings& entry : all) {
    if (identity_of(entry) != identity) continue;
    least(rules.rates.requests, entry.requests_per_minute);
    least(rules.rates.tokens, entry.tokens_per_minute);
    if (entry.concurrency <= 0) continue;
    rules.concurrency = capped ? std::min(rules.concurrency, entry.concurrency) : entry.concurrency;
    capped = true;
  }
  return rules;
}

}  // namespace

std::shared_ptr<Governor> Governors::of(const ModelSettings& entry, const std::vector<ModelSettings>& all) {
  std::erase_if(governors_, [](const auto& known) { return known.second.expired(); });
  const std::string identity = identity_of(entry);
  if (auto known = governors_[identity].lock()) return known;
  const std::string address = shown_url(address_of(entry));
  auto made = std::make_shared<Governor>(
      address.empty() ? entry.provider : fmt::format("{} at {}", entry.provider, address),
      rules_of(identity, all, rules_), loop_, rng_, tenants_);
  governors_[identity] = made;
  return made;
}

void Governors::adopt(const std::vector<ModelSettings>& all) {
  for (const auto& [identity, kept] : governors_) {
    auto governor = kept.lock();
    // One that is only used by runs of an earlier configuration keeps what that said.
    const bool stated = std::ranges::any_of(
        all, [&id = identity](const ModelSettings& entry) { return identity_of(entry) == id; });
    if (!governor || !stated) continue;
    const GovernorRules rules = rules_of(identity, all, rules_);
    governor->set(rules.concurrency, rules.rates);
  }
}

std::vector<RateConflict> rate_conflicts(const std::vector<ModelSettings>& all) {
  std::vector<RateConflict> conflicts;
  std::map<std::pair<std::string, std::string_view>, const ModelSettings*> first;
  std::map<std::pair<std::string, std::string_view>, std::int64_t> values;
  for (const ModelSettings& entry : all) {
    const std::string identity = identity_of(entry);
    for (const Stated& stated : stated_by(entry)) {
      if (stated.value == 0) continue;
      const auto at = std::pair(identity, stated.key);
      auto [known, fresh] = values.emplace(at, stated.value);
      if (fresh)
        first[at] = &entry;
      else if (known->second != stated.value)
        conflicts.push_back({entry.name, std::string(stated.key), first[at]->name});
    }
  }
  return conflicts;
}

}  // namespace troupe::models
