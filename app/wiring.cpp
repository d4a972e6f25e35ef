#include "app/wiring.h"

#include "agents/agent.h"
#include "agents/chains/chain.h"
#include "agents/chains/chain_tool.h"
#include "app/commands/command.h"
#include "app/load.h"
#include "app/version.h"
#include "memory/knowledge/knowledge.h"
#include "models/cache/reply_caches.h"
#include "models/catalog.h"
#include "models/embedders/catalog.h"
#include "models/governor/governors.h"
#include "prompts/prompt.h"
#include "runtime/async/nursery.h"
#include "runtime/async/run_task.h"
#include "runtime/base/ids.h"
#include "runtime/net/http_client.h"
#include "runtime/telemetry/lag_watch.h"
#include "runtime/telemetry/log.h"
#include "tools/catalog.h"

#include <deque>

namespace troupe::app {

namespace {

constexpr std::size_t kEmbeddingThreads = 2;  // that hash texts and read long answers of embedders

struct Clients {
  std::unique_ptr<net::HttpClient> models;   // may reach what the operator wrote down
  std::unique_ptr<net::HttpClient> fetches;  // tools and loaders: guarded
};

template <class T>
std::vector<T> values_of(const config::Entries<T>& entries) {
  std::vector<T> values;
  for (const auto& [name, value] : entries) values.push_back(value);
  return values;
}

std::string user_agent() {
  return fmt::format("Troupe/{} (self-hosted agent daemon)", kVersion);
}

Clients make_clients(Loop& loop, const net::NetworkSettings& network) {
  return {net::make_curl_client(loop, network, net::Guarding::open),
          net::make_curl_client(loop, network, net::Guarding::guarded)};
}

/// What generations of the configuration share.
struct Services {
  models::Governors& governors;
  models::ReplyCaches& caches;
  memory::Knowledge* knowledge = nullptr;  ///< null: nothing can be retrieved
};

Result<std::shared_ptr<const agents::Catalog>> make_catalog(const Configuration& configuration,
                                                            const Clients& clients, Loop& loop, Rng& rng,
                                                            Services& services, std::string snapshot) {
  auto models = models::make_models(values_of(configuration.models), {.http = *clients.models,
                                                                      .loop = loop,
                                                                      .rng = rng,
                                                                      .governors = &services.governors,
                                                                      .caches = &services.caches,
                                                                      .secrets = configuration.secrets});
  if (!models) return std::unexpected(models.error());
  auto tools =
      tools::make_tools(values_of(configuration.tools),
                        {.clock = loop.clock(), .http = *clients.fetches, .user_agent = user_agent()});
  if (!tools) return std::unexpected(tools.error());
  auto prompts = prompts::PromptSet::load(configuration.prompts);
  if (!prompts) return std::unexpected(prompts.error());
  const auto model_settings = values_of(configuration.models);
  auto chains = agents::make_chains(values_of(configuration.chains),
                                    {model_settings, *models, *prompts, services.knowledge});
  if (!chains) return std::unexpected(chains.error());
  if (auto added = agents::add_chain_tools(values_of(configuration.tools), *chains, *tools); !added)
    return std::unexpected(added.error());
  auto table =
      agents::make_agents(values_of(configuration.agents), model_settings, *models, *tools, *prompts);
  if (!table) return std::unexpected(table.error());
  auto catalog = std::make_shared<agents::Catalog>();
  catalog->agents = std::move(*table);
  catalog->chains = std::move(*chains);
  catalog->default_target = configuration.default_target;
  catalog->config = std::move(snapshot);
  catalog->secrets = configuration.secrets;
  catalog->budgets = configuration.budgets;
  return catalog;
}

Result<std::shared_ptr<const models::EmbedderTable>> make_embedder_table(const Configuration& configuration,
                                                                         const Clients& clients, Loop& loop,
                                                                         Rng& rng, Workers& workers,
                                                                         models::Governors& governors) {
  auto table = models::make_embedders(values_of(configuration.embeddings),
                                      {.http = *clients.models,
                                       .loop = loop,
                                       .rng = rng,
                                       .workers = workers,
                                       .governors = &governors,
                                       .models = values_of(configuration.models)});
  if (!table) return std::unexpected(table.error());
  return std::make_shared<const models::EmbedderTable>(std::move(*table));
}

// What the `config` of a run stands for.
Task<> keep(store::Journal& journal, std::string text) {
  if (auto kept = co_await journal.put_blob(std::move(text)); !kept)
    log::warn("the configuration snapshot was not kept", {{"error", kept.error().message}});
}

// A configuration of the store, with the secrets of today's.
Task<Result<Configuration>> kept_configuration(store::Journal& journal, std::string hash,
                                               const Configuration& current) {
  auto canonical = co_await journal.get_blob(hash);
  if (!canonical) co_return within(fmt::format("configuration {}", hash.substr(0, 12)), canonical.error());
  Checked restored = restore_configuration(*canonical, current);
  if (restored.configuration) co_return std::move(*restored.configuration);
  std::string why;
  for (const config::Problem& problem : restored.problems)
    why += (why.empty() ? "" : "; ") + config::render(problem);
  co_return fail(ErrorCode::invalid, why);
}

agents::DeskSettings desk_settings(const gateway::ServerSettings& server) {
  return {.runs_max = server.runs_max,
          .runs_per_tenant_max = server.runs_per_tenant_max,
          .queue_max = server.queue_max,
          .when_busy = server.when_busy == "reject" ? agents::WhenBusy::reject : agents::WhenBusy::queue};
}

}  // namespace

int run_engine(Configuration configuration, std::string source, std::function<Task<int>(Engine&)> body) {
  auto lock = store::StoreLock::acquire(configuration.store.path);
  if (!lock) {
    complain(lock.error().message);
    return kStore;
  }
  SystemClock clock;
  SystemRng rng;
  Loop loop(clock);
  auto journal = store::open_sqlite_journal(loop, configuration.store);
  if (!journal) {
    complain(journal.error().message);
    return kStore;
  }
  // Runs at work keep the clients they began with, so those of earlier network settings stay until the end.
  std::deque<Clients> clients;
  clients.push_back(make_clients(loop, configuration.network));
  net::NetworkSettings network = configuration.network;
  auto clients_for = [&](const net::NetworkSettings& wanted) -> const Clients& {
    if (wanted != network) {
      clients.push_back(make_clients(loop, wanted));
      network = wanted;
    }
    return clients.back();
  };
  models::Governors governors(loop, rng);
  models::ReplyCaches caches(loop, configuration.store.path);
  caches.resize(values_of(configuration.models));
  Services services{governors, caches};
  Workers workers(kEmbeddingThreads);
  auto embedders = make_embedder_table(configuration, clients.back(), loop, rng, workers, governors);
  if (!embedders) {
    complain(embedders.error().message);
    return kUsage;
  }
  auto catalog = make_catalog(configuration, clients.back(), loop, rng, services, configuration.hash);
  if (!catalog) {
    complain(catalog.error().message);
    return kUsage;
  }
  Nursery nursery(loop);
  LagWatch lag_watch(loop);
  auto desk = agents::make_run_desk(loop, **journal, rng, desk_settings(configuration.server), *catalog);

  Engine* engine = nullptr;
  auto reload = [&]() -> Result<std::string> {
    auto fresh = reload_configuration(source);
    if (!fresh) return std::unexpected(fresh.error());
    auto next = make_catalog(*fresh, clients_for(fresh->network), loop, rng, services, fresh->hash);
    if (!next) return std::unexpected(next.error());
    auto next_embedders =
        make_embedder_table(*fresh, clients_for(fresh->network), loop, rng, workers, governors);
    if (!next_embedders) return std::unexpected(next_embedders.error());
    governors.adopt(values_of(fresh->models));
    caches.resize(values_of(fresh->models));
    nursery.spawn("keep the configuration",
                  [&journal, text = fresh->canonical] { return keep(**journal, text); });
    desk->replace_catalog(*next);
    if (engine) engine->embedders = *next_embedders;
    if (engine && engine->reloaded) engine->reloaded(*fresh);
    return fmt::format("{} agents, {} models, {} tools", fresh->agents.size(), fresh->models.size(),
                       fresh->tools.size());
  };

  auto earlier = [&](std::string hash) -> Task<Result<std::shared_ptr<const agents::Catalog>>> {
    auto kept = co_await kept_configuration(**journal, hash, configuration);
    if (!kept) co_return std::unexpected(kept.error());
    co_return make_catalog(*kept, clients_for(kept->network), loop, rng, services, hash);
  };

  Engine assembled{.loop = loop,
                   .journal = **journal,
                   .desk = *desk,
                   .lock = *lock,
                   .configuration = configuration,
                   .embedders = *embedders,
                   .earlier = earlier,
                   .reload = reload};
  engine = &assembled;
  auto whole = [&]() -> Task<int> {
    auto kept =
        co_await (*journal)->put_blob(configuration.canonical);  // what a run's `config` hash stands for
    if (!kept) {
      complain(kept.error().message);
      co_return kStore;
    }
    int code = co_await body(assembled);
    desk->hurry();
    co_await desk->drain(Milliseconds(0));
    co_await nursery.join();
    co_await (*journal)->close();
    co_return code;
  };
  return run_task(loop, whole());
}

int with_tools(const Configuration& configuration,
               std::function<Task<int>(Loop&, const tools::ToolTable&)> body) {
  SystemClock clock;
  Loop loop(clock);
  Clients clients = make_clients(loop, configuration.network);
  auto tools = tools::make_tools(values_of(configuration.tools),
                                 {.clock = clock, .http = *clients.fetches, .user_agent = user_agent()});
  if (!tools) {
    complain(tools.error().message);
    return kUsage;
  }
  return run_task(loop, body(loop, *tools));
}

int with_providers(const Configuration& configuration, std::function<Task<int>(ProviderServices)> body) {
  SystemClock clock;
  SystemRng rng;
  Loop loop(clock);
  Workers workers(kEmbeddingThreads);
  Clients clients = make_clients(loop, configuration.network);
  return run_task(
      loop, body({.models = {.http = *clients.models, .loop = loop, .rng = rng},
                  .embedders = {.http = *clients.models, .loop = loop, .rng = rng, .workers = workers}}));
}

}  // namespace troupe::app
