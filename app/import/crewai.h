#pragma once

#include "app/import/draft.h"
#include "app/import/project.h"

#include <string>
#include <vector>

namespace troupe::app {

/// Reads a CrewAI project: agents.yaml and tasks.yaml, perhaps with a crew in YAML or JSON with comments; or
/// crew.jsonc alone, which names its agents (agents/NAME.jsonc beside it) and has its tasks. Which file is
/// which is told from what it holds. Every key is carried over or among the notes. Blocking. Errors: as
/// Project::read, and invalid (no agents, no tasks, something else than CrewAI's).
Result<Imported> import_crewai(const std::vector<std::string>& files, const ImportOptions& options,
                               const config::Environment& environment);

}  // namespace troupe::app
