#pragma once

#include "models/message.h"
#include "runtime/base/json.h"

#include <string>
#include <vector>

namespace troupe::agents {

/// A tool as a prompt shows it, in far fewer tokens than its JSON Schema:
///   wikipedia(query: string 1..300 chars, operation?: "find" | "search", max_results?: integer 1..20 = 5)
/// What has no such form (references, conditions, patternProperties …) stands as JSON Schema. Pure; the same
/// text for the same declaration, always.
std::string tool_signature(const models::ToolDeclaration& tool);

/// What the schema says about arguments, a line each, indented: "\n    query: what to look for". "" when it
/// says nothing.
std::string argument_details(const models::ToolDeclaration& tool);

/// The tools as prompts are given them: {"list": [{name, description, signature, details, schema}]}, or null
/// for none.
Json tool_values(const std::vector<models::ToolDeclaration>& tools);

}  // namespace troupe::agents
