#pragma once

#include "runtime/base/json.h"

namespace troupe::tools::mcp {

/// The answer to `elicitation/create`, in which a server asks for a form to be filled in, of somebody who
/// accepts what the form proposes: every default of its schema (SEP-1034). A form with a required field that
/// has none is declined, and so is any other kind of question. `params`: of the request. Pure.
Json answer_with_defaults(const Json& params);

}  // namespace troupe::tools::mcp
