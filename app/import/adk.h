#pragma once

#include "app/import/draft.h"
#include "runtime/config/environment.h"

#include <string>

namespace troupe::app {

/// Reads a project of ADK's Agent Config: root_agent.yaml and, by `config_path`, the files of its sub-agents.
/// An LlmAgent becomes an agent, with sub-agents a handoff team; SequentialAgent, ParallelAgent and LoopAgent
/// become teams. Every key is carried over or among the notes. Blocking. Errors: as Project::read, and
/// invalid (files that lead back to themselves, nothing that could answer).
Result<Imported> import_adk(const std::string& file, const ImportOptions& options,
                            const config::Environment& environment);

}  // namespace troupe::app
