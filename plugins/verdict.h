#pragma once

#include "runtime/base/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::plugins {

inline constexpr std::size_t kVerdictReasonBytes = 512;

/// Reads what a guardrail of a plugin answered, strictly: {"pass": true|false, "reason": "…"} with a reason
/// of at most kVerdictReasonBytes, as compact JSON. Errors: protocol, with what is wrong and the beginning of
/// what came. Pure.
Result<std::string> read_verdict(std::string_view answer);

}  // namespace troupe::plugins
