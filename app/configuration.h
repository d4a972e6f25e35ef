#pragma once

#include "agents/budgets/settings.h"
#include "agents/chains/settings.h"
#include "agents/settings.h"
#include "agents/teams/settings.h"
#include "app/ground_section.h"
#include "gateway/settings.h"
#include "memory/knowledge/settings.h"
#include "models/embedders/settings.h"
#include "models/settings.h"
#include "plugins/settings.h"
#include "runtime/base/secret.h"
#include "runtime/config/collections.h"
#include "tools/mcp/server_settings.h"
#include "tools/settings.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::app {

/// A whole configuration, checked: plain settings, nothing of YAML. A value; replaced whole by a reload.
struct Configuration {
  int version = 1;
  LogSettings log;
  store::StoreSettings store;
  net::NetworkSettings network;
  gateway::ServerSettings server;
  config::Entries<models::ModelSettings> models;  ///< with the prices and sizes of models/known
  config::Entries<models::EmbedderSettings> embeddings;
  config::Entries<memory::KnowledgeSettings> knowledge;
  std::size_t knowledge_memory = memory::kKnowledgeMemory;  ///< bytes, of all bases together
  config::Entries<tools::mcp::ServerSettings> mcp_servers;
  config::Entries<plugins::PluginSettings> plugins;
  plugins::LibraryFolderSettings plugins_from;
  config::Entries<tools::ToolSettings> tools;
  config::Entries<agents::AgentSettings> agents;
  config::Entries<agents::ChainSettings> chains;
  config::Entries<agents::TeamSettings> teams;
  agents::BudgetSettings budgets;
  std::string artifacts;       ///< folder; "": nothing may be written
  std::string prompts;         ///< folder whose prompt files come before the embedded ones; ""
  std::string default_target;  ///< who answers when a client names nobody; "" when several could

  Secrets secrets;                     ///< for redact(): what must never be shown
  config::SecretValues secret_values;  ///< the secrets by where they stand, for restore_configuration()
  std::vector<std::string> files;      ///< that were read, as messages name them

  /// The settings as JSON that loads to the same settings; each secret is a reference (`${OPENAI_API_KEY}`,
  /// `${file:/…}`, or `${secret:models.main.api_key}` for one written down), so that this may be stored.
  std::string canonical;
  std::string hash;  ///< SHA-256 of `canonical`, hex
};

/// What came of reading: a configuration unless there was an error; warnings may come with it.
struct Checked {
  std::optional<Configuration> configuration;
  std::vector<config::Problem> problems;
};

/// Reads and checks a file and what it includes. Blocking: before the loop, or on the offload pool. The
/// problems hold no secret. Nothing is created or written.
Checked load_configuration(const std::string& path,
                           const config::Environment& environment = config::ProcessEnvironment());

/// The same for text. `name` is what problems call it.
Checked load_configuration_text(const std::string& name, std::string_view text,
                                const config::Environment& environment = config::ProcessEnvironment());

/// The configuration that `canonical` was made of, with its secrets taken from `current` and, where they are
/// references to the environment or to files, from there: what a run goes on under after a restart. Fails
/// when a secret is gone or this version reads the text differently.
Checked restore_configuration(std::string_view canonical, const Configuration& current,
                              const config::Environment& environment = config::ProcessEnvironment());

/// The same configuration but for the model of one agent, which it has: what a forked run goes on under.
Checked with_model(const Configuration& current, const std::string& agent, const std::string& model,
                   const config::Environment& environment = config::ProcessEnvironment());

/// The built-in demo: agent `hello` on the `builtin` model with calculator, clock and wikipedia.
Checked default_configuration(const config::Environment& environment = config::ProcessEnvironment());

/// The first that exists of ./troupe.yaml, $XDG_CONFIG_HOME/troupe/troupe.yaml (~/.config without it) and
/// /etc/troupe/troupe.yaml. Nothing: the demo.
std::optional<std::string> find_configuration(
    const config::Environment& environment = config::ProcessEnvironment());

/// The JSON Schema (draft 2020-12) of what load_configuration() reads, from the same declarations.
std::string schema_text();

/// Problems of several files, each a configuration of its own.
std::vector<config::Problem> check_files(
    const std::vector<std::string>& paths,
    const config::Environment& environment = config::ProcessEnvironment());
bool has_errors(const std::vector<config::Problem>& problems);

/// The text of the demo, as a file a person could start from.
std::string_view demo_text();

}  // namespace troupe::app
