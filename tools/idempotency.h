#pragma once

#include "runtime/base/json.h"

#include <string>

namespace troupe::tools {

/// Which call of which run this is. The attempt is not part of it: a retry is the same call.
struct CallIdentity {
  std::string instance;  ///< of the store
  std::string run;
  int step = 0;
  int call_index = 0;  ///< among the calls of one step
  std::string tool;
  std::string version;  ///< of the tool
};

/// The key that every attempt of a call bears: base32 (RFC 4648, no padding) of the SHA-256 of the identity
/// and the canonical arguments, so that the same call after a crash has the same key and no other call has
/// it. Any thread.
std::string idempotency_key(const CallIdentity& identity, const Json& arguments);

/// One text for values that are equal: members sorted by name, no blanks.
std::string canonical_json(const Json& value);

}  // namespace troupe::tools
