#pragma once

#include "app/import/draft.h"
#include "app/import/foreign_keys.h"
#include "app/import/model_keys.h"
#include "app/import/project.h"

#include <string>
#include <vector>

namespace troupe::app {

struct CrewAgent {
  std::string written;  ///< as the project calls it
  std::string name;     ///< as it is called here
  const config::Node* node = nullptr;
};

/// What the parts of an import of a crew share.
struct CrewContext {
  Project& project;
  ImportNotes& notes;
  Draft& draft;
  const std::vector<CrewAgent>& agents;

  /// What an agent of the project is called here; "" when there is none.
  std::string agent_named(const std::string& written) const;
  /// A text of the project, whose inputs have names that inputs have here: {my-topic} is {my_topic}, and
  /// noted.
  std::string text(const config::Node* node, const std::string& path) const;
};

/// Writes an agent into the draft. True when it may delegate to others.
bool write_crewai_agent(const CrewAgent& agent, CrewContext& context);

/// `guardrail` in words as a rule that `model` judges by; nothing (and a note) where it is a function's name
/// or nobody can judge.
std::optional<Json> crewai_guardrail(const config::Node& node, const std::string& retries,
                                     const std::string& path, const std::string& model, CrewContext& context);

}  // namespace troupe::app
