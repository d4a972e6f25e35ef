#pragma once

#include "agents/runs/run_desk.h"
#include "app/configuration.h"
#include "app/library.h"
#include "models/catalog.h"
#include "models/embedders/catalog.h"
#include "plugins/host/library_folder.h"
#include "plugins/plugins.h"
#include "runtime/async/loop.h"
#include "runtime/async/offload.h"
#include "runtime/async/task.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"
#include "tools/tool.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::app {

/// The floors put together, as a command sees them. References to locals of run_engine().
struct Engine {
  Loop& loop;
  store::Journal& journal;
  agents::LocalRunDesk& desk;
  store::StoreLock& lock;
  const Configuration& configuration;                      ///< that it began with
  std::shared_ptr<const models::EmbedderTable> embedders;  ///< of the configuration in use; never null
  Library& library;
  std::shared_ptr<memory::ConfiguredKnowledge> knowledge;  ///< of the configuration in use; never null
  net::HttpClient* fetches;  ///< for pages: guarded; of the configuration in use, never null
  Workers& workers;
  /// Of the configuration in use; never null.
  std::shared_ptr<const agents::Catalog> catalog;
  std::shared_ptr<const tools::ToolTable> tools;
  std::shared_ptr<const Configuration> current;
  /// Finds what runs of an earlier configuration go on under; for desk.resume().
  agents::CatalogFinder earlier;
  Stop& leaving;  ///< once requested, a reload that is at work ends without effect
  /// Reads the configuration again and lets new runs use it; one after the other. Says what it read, or why
  /// nothing changed.
  std::function<Task<Result<std::string>>()> reload;
  /// Set by who has something of its own to renew; called with the new configuration once it is in use.
  std::function<void(const Configuration&)> reloaded;
  /// Set by who keeps knowledge up to date; called once `knowledge` is another because a plugin is.
  std::function<void()> reread;
};

/// Builds every service in order, runs `body` on the loop, and takes them down in the reverse order once it
/// has returned and no run is at work. Returns the body's exit code; kStore when the store cannot be opened.
/// `source` is what the configuration was read from ("" = built in), for reload.
/// `readers`: whether documents will be read soon: then the machine is looked at before the loop runs.
enum class Readers { unlikely, expected };
int run_engine(Configuration configuration, std::string source, std::function<Task<int>(Engine&)> body,
               Readers readers = Readers::unlikely);

/// The tools of a configuration without anything else around them, for `troupe tools`.
int with_tools(const Configuration& configuration,
               std::function<Task<int>(Loop&, const tools::ToolTable&)> body);

/// The plugins of a configuration without anything else around them, and the libraries that were left out,
/// for `troupe plugin`.
int with_plugins(const Configuration& configuration,
                 std::function<int(const plugins::PluginTable&, const std::vector<plugins::LeftOut>&)> body);

/// What commands about knowledge work with.
struct LibraryServices {
  Loop& loop;
  Library& library;
  memory::ConfiguredKnowledge& knowledge;
  net::HttpClient& fetches;  ///< guarded
};

/// The knowledge of a configuration without anything else around it, for `troupe knowledge` and `troupe
/// eval`. It does not need the store's lock: several processes may use the file. `readers`: whether documents
/// will be read; only then there are the loaders of plugins.
int with_library(const Configuration& configuration, std::function<Task<int>(LibraryServices)> body,
                 Readers readers = Readers::unlikely);

/// What models and embedders are made of, for who makes its own.
struct ProviderServices {
  models::ModelServices models;
  models::EmbedderServices embedders;
};

/// The way to the providers of a configuration without anything else around it, for `troupe models`.
int with_providers(const Configuration& configuration, std::function<Task<int>(ProviderServices)> body);

}  // namespace troupe::app
