#pragma once

#include "app/import/foreign_keys.h"
#include "app/import/project.h"

#include <memory>
#include <string>
#include <vector>

namespace troupe::app {

/// An agent of an ADK project with those below it.
struct AdkAgent {
  enum class Class { llm, sequential, parallel, loop };
  Class kind = Class::llm;
  config::Node node;
  std::string written;  ///< its `name`
  std::vector<AdkAgent> below;
  const config::Node* model = nullptr;  ///< its own, or that of the nearest agent above; nullptr: none
};

/// Reads the file and those that it names. Sub-agents in Python and custom classes are noted and left out.
/// Errors: as Project::read, and invalid (a file that leads back to itself, too deep a tree).
Result<std::unique_ptr<AdkAgent>> read_adk(const std::string& file, Project& project, ImportNotes& notes);

}  // namespace troupe::app
