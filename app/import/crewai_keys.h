#pragma once

#include "app/import/foreign_keys.h"

#include <span>

namespace troupe::app {

/// Keys of CrewAI's agents, tasks and crews that are not carried over.
std::span<const ListedKey> crewai_agent_keys();
std::span<const ListedKey> crewai_task_keys();
std::span<const ListedKey> crewai_crew_keys();

}  // namespace troupe::app
