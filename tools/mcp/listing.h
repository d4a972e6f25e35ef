#pragma once

#include "runtime/base/json.h"
#include "tools/mcp/param_headers.h"

#include <memory>
#include <string>
#include <vector>

namespace troupe::tools::mcp {

/// A tool as a server lists it. Everything in it is the server's word.
struct ListedTool {
  std::string name;
  std::string description;  ///< with the title in front where that says more; cut to bounds
  std::string schema;       ///< of its input, as JSON, that compiles (tools/json_schema.h)
  std::string output;       ///< schema of structuredContent, as JSON; "": none that can be checked
  std::vector<ParamHeader> headers;
  bool says_read_only = false;   ///< readOnlyHint
  bool says_idempotent = false;  ///< idempotentHint
};

/// What a server offers at one time.
struct Listing {
  std::vector<ListedTool> tools;
  bool resources = false;  ///< it has some, or templates of some
  bool prompts = false;
  std::vector<std::string> remarks;  ///< what of it was left out or made simpler, and why
};

/// Reads the items of tools/list. Each tool that cannot be used (no name, a name that is there twice, one
/// that can be called as a task only, headers that are none where `over_http`) is left out with a remark; an
/// input schema that cannot be enforced is replaced by a simpler one, for the server checks its arguments
/// itself. References out of a schema are never followed. Pure.
Listing read_listing(const Json& items, bool over_http);

}  // namespace troupe::tools::mcp
