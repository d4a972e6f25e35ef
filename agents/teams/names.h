#pragma once

#include "runtime/config/collections.h"
#include "runtime/config/scalars.h"

#include <string>
#include <vector>

namespace troupe::agents {

/// The name of an agent, a chain or a team, which must exist.
config::ShapePtr<std::string> target_name();
/// A list of such names.
config::ShapePtr<std::vector<std::string>> target_names();
/// The name of somebody whom the team has; that it does is held against the whole team.
config::ShapePtr<std::string> member_name();
config::ShapePtr<std::vector<std::string>> member_names();
/// What a task or a node is called: texts may say {name}.
std::string task_name_problem(std::string_view name);
/// A path below `artifacts`: relative, without `..`; {name} is filled from inputs.
config::ShapePtr<std::string> output_path();
/// A regular expression that compiles.
config::ShapePtr<std::string> regular_expression();
/// A JSON pointer (RFC 6901), "" for the whole.
config::ShapePtr<std::string> json_pointer();
/// What is wrong with a pointer, or "".
std::string pointer_problem(std::string_view pointer);

}  // namespace troupe::agents
