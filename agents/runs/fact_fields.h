#pragma once

#include "runtime/base/json.h"

#include <cstdint>
#include <string_view>

/// Members of facts and events as they are read back: what is missing or of another type is the fallback,
/// since an older version may have written it.
namespace troupe::agents {

inline std::int64_t number_or(const Json& value, std::string_view key, std::int64_t fallback = 0) {
  const Json* member = find(value, key);
  return member && member->is_number_integer() ? member->get<std::int64_t>() : fallback;
}

inline double amount_or(const Json& value, std::string_view key, double fallback = 0) {
  const Json* member = find(value, key);
  return member && member->is_number() ? member->get<double>() : fallback;
}

inline bool flag(const Json& value, std::string_view key) {
  const Json* member = find(value, key);
  return member && member->is_boolean() && member->get<bool>();
}

}  // namespace troupe::agents
