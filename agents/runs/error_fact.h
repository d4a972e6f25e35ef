#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

/// A failure of a model's call between an Error and what is kept of it, so that it can be met again. Pure.
namespace troupe::agents {

Json error_to_fact(const Error& error);
/// Of a fact that has one; what it does not know is `internal`.
Error error_from_fact(const Json& fact);

}  // namespace troupe::agents
