#pragma once

#include "agents/agent.h"
#include "agents/memory_parts.h"
#include "app/configuration.h"
#include "memory/knowledge/knowledge.h"
#include "models/model.h"
#include "prompts/prompt.h"
#include "runtime/base/result.h"
#include "runtime/config/collections.h"
#include "runtime/store/artifacts.h"
#include "tools/tool.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::app {

/// The settings of a section, in the order of the file.
template <class T>
std::vector<T> values_of(const config::Entries<T>& entries) {
  std::vector<T> values;
  for (const auto& [name, value] : entries) values.push_back(value);
  return values;
}

/// What a catalog is put together from, beside its configuration. Nothing in it is null but where stated.
struct CatalogParts {
  std::shared_ptr<const models::ModelTable> models;
  std::shared_ptr<const prompts::PromptSet> prompts;
  std::shared_ptr<memory::Knowledge> knowledge;
  agents::MemorySources memory;
  std::shared_ptr<store::Artifacts> artifacts;  ///< null: nothing may be written
  /// What stands in the place of a tool of this name, those that are chains included; null: it itself.
  std::function<std::shared_ptr<tools::Tool>(const std::string&, std::shared_ptr<tools::Tool>)> stand_in =
      nullptr;
};

/// The chains, agents and teams of a configuration. `tools`: gets those that are chains, too. `snapshot`: the
/// hash that runs begun under it bear. Errors: those of make_chains(), make_agents() and make_teams().
Result<std::shared_ptr<const agents::Catalog>> make_catalog(const Configuration& configuration,
                                                            const CatalogParts& parts,
                                                            tools::ToolTable& tools, std::string snapshot);

}  // namespace troupe::app
