#pragma once

#include "app/configuration.h"
#include "runtime/config/record.h"

namespace troupe::app {

/// Names of tools with a `/`, in agents and in nodes of graphs: their section gives several tools, and this
/// one as far as that is known.
void check_tool_names(const Configuration& all, config::Check& check);

/// Tools that make files have a folder for them.
void check_tool_files(const Configuration& all, config::Check& check);

}  // namespace troupe::app
