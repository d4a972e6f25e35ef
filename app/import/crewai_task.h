#pragma once

#include "app/import/crewai_agent.h"

#include <string>
#include <vector>

namespace troupe::app {

struct WrittenTask {
  std::string written;
  const config::Node* node = nullptr;
};

/// A task of a sequential team, and what a manager is told of it.
struct CrewTask {
  Json json;
  std::string description;      ///< as it is written
  std::string expected_output;  ///< the same
  std::string agent;            ///< of the draft; ""
};

/// The tasks in their order. The agents are in the draft already.
std::vector<CrewTask> crewai_tasks(const std::vector<WrittenTask>& tasks, CrewContext& context);

}  // namespace troupe::app
