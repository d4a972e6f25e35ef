#include "app/wiring.h"

#include "agents/agent.h"
#include "app/catalog.h"
#include "app/commands/command.h"
#include "app/load.h"
#include "app/machine.h"
#include "app/plugin_keeper.h"
#include "app/service_checks.h"
#include "app/version.h"
#include "memory/conversation/turn_vectors.h"
#include "memory/knowledge/knowledge.h"
#include "models/cache/reply_caches.h"
#include "models/catalog.h"
#include "models/embedders/catalog.h"
#include "models/governor/governors.h"
#include "models/provider_facts.h"
#include "plugins/plugin_memory.h"
#include "plugins/providers.h"
#include "prompts/prompt.h"
#include "runtime/async/nursery.h"
#include "runtime/async/read_write_gate.h"
#include "runtime/async/run_task.h"
#include "runtime/base/ids.h"
#include "runtime/bus/local_bus.h"
#include "runtime/net/http_client.h"
#include "runtime/store/artifacts.h"
#include "runtime/telemetry/lag_watch.h"
#include "runtime/telemetry/log.h"
#include "tools/catalog.h"
#include "tools/mcp/servers.h"

#include <algorithm>
#include <deque>
#include <optional>

namespace troupe::app {

namespace {

constexpr auto kServersWait = std::chrono::seconds(10);  // at the start, for all MCP servers together
constexpr Milliseconds kLibrariesLookedAt{2'000};        // how often
constexpr std::size_t kWorkers = 2;  // threads for what takes long: texts, vectors, documents

struct Clients {
  std::unique_ptr<net::HttpClient> models;   // may reach what the operator wrote down
  std::unique_ptr<net::HttpClient> fetches;  // tools and loaders: guarded
};

std::string user_agent() {
  return fmt::format("Troupe/{} (self-hosted agent daemon)", kVersion);
}

Clients make_clients(Loop& loop, const net::NetworkSettings& network) {
  return {net::make_curl_client(loop, network, net::Guarding::open),
          net::make_curl_client(loop, network, net::Guarding::guarded)};
}

/// What generations of the configuration share.
struct Services {
  Rng& rng;
  Workers& workers;
  Library& library;
  tools::mcp::Servers& servers;
  PluginKeeper& plugins;
  Machine& machine;
  models::Governors* governors = nullptr;
  models::ReplyCaches* caches = nullptr;
  std::shared_ptr<memory::TurnVectors> turn_vectors{};
  std::shared_ptr<agents::BlockJournal> blocks{};
};

/// What one generation of the configuration is made into.
struct Generation {
  plugins::PluginTable plugins;
  std::shared_ptr<const models::EmbedderTable> embedders;
  std::shared_ptr<const models::ModelTable> models;
  std::shared_ptr<const prompts::PromptSet> prompts;
  std::shared_ptr<memory::ConfiguredKnowledge> knowledge;
  IndexTable indexes;
  std::shared_ptr<const tools::ToolTable> tools;
  std::shared_ptr<const agents::Catalog> catalog;
};

models::EmbedderServices embedder_services(const Configuration& configuration, const Clients& clients,
                                           Loop& loop, Services& services,
                                           const plugins::PluginTable& plugins) {
  return {.http = *clients.models,
          .loop = loop,
          .rng = services.rng,
          .workers = services.workers,
          .governors = services.governors,
          .models = values_of(configuration.models),
          .plugins = plugins::embedder_maker(plugins, services.workers)};
}

Result<std::shared_ptr<const models::ModelTable>> make_model_table(const Configuration& configuration,
                                                                   const Clients& clients, Loop& loop,
                                                                   Services& services,
                                                                   const plugins::PluginTable& plugins) {
  auto table = models::make_models(values_of(configuration.models),
                                   {.http = *clients.models,
                                    .loop = loop,
                                    .rng = services.rng,
                                    .governors = services.governors,
                                    .caches = services.caches,
                                    .secrets = configuration.secrets,
                                    .plugins = plugins::model_maker(plugins, services.workers),
                                    .plugin_version = [&plugins](std::string_view plugin) {
                                      return plugins::version_of(plugins, plugin);
                                    }});
  if (!table) return fail(std::move(table.error()));
  return std::make_shared<const models::ModelTable>(std::move(*table));
}

Result<std::shared_ptr<const prompts::PromptSet>> load_prompts(const Configuration& configuration) {
  auto prompts = prompts::PromptSet::load(configuration.prompts);
  if (!prompts) return fail(std::move(prompts.error()));
  return std::make_shared<const prompts::PromptSet>(std::move(*prompts));
}

std::shared_ptr<store::Artifacts> artifacts_of(const Configuration& configuration, Loop& loop,
                                               Services& services) {
  if (configuration.artifacts.empty()) return nullptr;
  return std::make_shared<store::Artifacts>(loop, services.workers, configuration.artifacts);
}

Result<tools::ToolTable> make_tool_table(const Configuration& configuration, const Clients& clients,
                                         Loop& loop, Services& services,
                                         std::shared_ptr<memory::Knowledge> knowledge,
                                         const plugins::PluginTable& plugins) {
  auto table = tools::make_tools(
      values_of(configuration.tools),
      {.clock = loop.clock(),
       .http = *clients.fetches,
       .user_agent = user_agent(),
       .knowledge = std::move(knowledge),
       .workers = &services.workers,
       .mcp = &services.servers,
       .mcp_servers = configuration.mcp_servers,
       .support = [&services]() -> const sandbox::Support& { return services.machine.support(); },
       .artifacts = artifacts_of(configuration, loop, services)});
  if (!table) return table;
  if (auto added = add_plugin_tools(configuration, plugins, *table); !added)
    return fail(std::move(added.error()));
  return table;
}

/// Makes the tools, and what agents and teams are with them: what becomes another when an MCP server's list
/// of tools does; and what indexes vectors, which a plugin's library that is replaced changes, too.
Result<> equip(Generation& made, const Configuration& configuration, const Clients& clients, Loop& loop,
               Services& services, std::string snapshot) {
  auto tools = make_tool_table(configuration, clients, loop, services, made.knowledge, made.plugins);
  if (!tools) return fail(std::move(tools.error()));
  auto models = std::make_shared<models::ModelTable>(*made.models);
  if (auto judges = add_plugin_judges(configuration, made.plugins, *models); !judges)
    return fail(std::move(judges.error()));
  auto catalog = make_catalog(configuration,
                              {.models = models,
                               .prompts = made.prompts,
                               .knowledge = made.knowledge,
                               .memory = {.embedders = made.embedders.get(),
                                          .vectors = services.turn_vectors,
                                          .blocks = services.blocks,
                                          .outside = plugins::memory_maker(made.plugins)},
                               .artifacts = artifacts_of(configuration, loop, services)},
                              *tools, std::move(snapshot));
  if (!catalog) return fail(std::move(catalog.error()));
  made.catalog = std::move(*catalog);
  auto indexes = make_indexes(loop, configuration, made.plugins);
  if (!indexes) return fail(std::move(indexes.error()));
  made.indexes = std::move(*indexes);
  made.tools = std::make_shared<const tools::ToolTable>(std::move(*tools));
  return {};
}

/// The bases, with the loaders of its plugins.
Result<> open_books(Generation& made, const Configuration& configuration, const Clients& clients, Loop& loop,
                    Services& services) {
  auto loaders = make_loaders(loop, configuration, made.plugins);
  if (!loaders) return fail(std::move(loaders.error()));
  auto knowledge = services.library.configure(
      configuration, *made.embedders, embedder_services(configuration, clients, loop, services, made.plugins),
      made.models, made.prompts, std::move(*loaders));
  if (!knowledge) return fail(std::move(knowledge.error()));
  made.knowledge = std::move(*knowledge);
  return {};
}

Result<Generation> generation_around(plugins::PluginTable plugins, const Configuration& configuration,
                                     const Clients& clients, Loop& loop, Services& services,
                                     std::string snapshot) {
  Generation made{.plugins = std::move(plugins)};
  const auto making = embedder_services(configuration, clients, loop, services, made.plugins);
  auto embedders = models::make_embedders(values_of(configuration.embeddings), making);
  if (!embedders) return fail(std::move(embedders.error()));
  made.embedders = std::make_shared<const models::EmbedderTable>(std::move(*embedders));
  auto models = make_model_table(configuration, clients, loop, services, made.plugins);
  if (!models) return fail(std::move(models.error()));
  auto prompts = load_prompts(configuration);
  if (!prompts) return fail(std::move(prompts.error()));
  made.models = std::move(*models);
  made.prompts = std::move(*prompts);
  if (auto done = open_books(made, configuration, clients, loop, services); !done)
    return fail(std::move(done.error()));
  if (auto done = equip(made, configuration, clients, loop, services, std::move(snapshot)); !done)
    return fail(std::move(done.error()));
  return made;
}

Task<Result<Generation>> make_generation(const Configuration& configuration, const Clients& clients,
                                         Loop& loop, Services& services, std::string snapshot, Stop& stop) {
  auto plugins = co_await services.plugins.adopt(configuration, *clients.fetches, stop);
  if (!plugins) co_return fail(std::move(plugins.error()));
  co_return generation_around(std::move(*plugins), configuration, clients, loop, services,
                              std::move(snapshot));
}

/// Runs the loop until it is made.
Result<Generation> first_generation(const Configuration& configuration, const Clients& clients, Loop& loop,
                                    Services& services) {
  Stop nobody_asks;
  std::optional<Result<Generation>> made;
  const auto make = [&]() -> Task<int> {
    made = co_await make_generation(configuration, clients, loop, services, configuration.hash, nobody_asks);
    co_return 0;
  };
  run_task(loop, make());
  return std::move(*made);
}

bool reads_documents(const Configuration& configuration) {
  return std::ranges::any_of(configuration.knowledge,
                             [](const auto& base) { return !base.second.sources.empty(); });
}

// What an embedder of some name made may stand beside what it makes now. A plugin's may be another one behind
// the same entry.
bool same_vectors(const config::Entries<models::EmbedderSettings>& one,
                  const config::Entries<models::EmbedderSettings>& other) {
  return std::ranges::equal(one, other, [](const auto& a, const auto& b) {
    return a.first == b.first && models::plugin_of(a.second.provider).empty() &&
           models::embedding_identity(a.second) == models::embedding_identity(b.second);
  });
}

// What the `config` of a run stands for.
Task<> keep(store::Journal& journal, std::string text) {
  if (auto kept = co_await journal.put_blob(std::move(text)); !kept)
    log::warn("the configuration snapshot was not kept", {{"error", kept.error().message}});
}

Result<Configuration> configuration_of(Checked checked) {
  if (checked.configuration) return std::move(*checked.configuration);
  std::string why;
  for (const config::Problem& problem : checked.problems)
    why += (why.empty() ? "" : "; ") + config::render(problem);
  return fail(ErrorCode::invalid, why);
}

// A configuration of the store, with the secrets of today's.
Task<Result<Configuration>> kept_configuration(store::Journal& journal, std::string hash,
                                               const Configuration& current) {
  auto canonical = co_await journal.get_blob(hash);
  if (!canonical) co_return within(fmt::format("configuration {}", hash.substr(0, 12)), canonical.error());
  co_return configuration_of(restore_configuration(*canonical, current));
}

/// What works outside of this process is gone afterwards.
Task<> close_outside(Services& services) {
  co_await services.servers.close();
  co_await services.plugins.close();
}

Task<int> ended(Services& services) {
  co_await close_outside(services);
  co_return 0;
}

agents::DeskSettings desk_settings(const gateway::ServerSettings& server) {
  return {.runs_max = server.runs_max,
          .runs_per_tenant_max = server.runs_per_tenant_max,
          .queue_max = server.queue_max,
          .when_busy = server.when_busy == "reject" ? agents::WhenBusy::reject : agents::WhenBusy::queue};
}

}  // namespace

int run_engine(Configuration configuration, std::string source, std::function<Task<int>(Engine&)> body,
               Readers readers) {
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
  governors.allow_tenants(configuration.server.calls_per_tenant_max);
  models::ReplyCaches caches(loop, configuration.store.path);
  caches.resize(values_of(configuration.models));
  Workers workers(kWorkers);
  Machine machine;
  if (readers == Readers::expected && reads_documents(configuration)) (void)machine.support();
  Library library(loop, workers, machine, configuration.store.path);
  // What it reaches the operator wrote down; one client serves all, whatever the network settings become.
  const auto operators = net::make_curl_client(loop, configuration.network, net::Guarding::open);
  tools::mcp::Servers servers({.loop = loop, .http = *operators, .client_version = kVersion});
  PluginKeeper plugins(loop, machine, configuration.store.path);
  Services services{.rng = rng,
                    .workers = workers,
                    .library = library,
                    .servers = servers,
                    .plugins = plugins,
                    .machine = machine,
                    .governors = &governors,
                    .caches = &caches,
                    .turn_vectors = std::make_shared<memory::TurnVectorsInMemory>(),
                    .blocks = std::make_shared<agents::BlockJournal>(loop, **journal)};
  auto first = first_generation(configuration, clients.back(), loop, services);
  if (!first) {
    complain(first.error().message);
    run_task(loop, ended(services));
    return kUsage;
  }
  library.adopt(configuration, first->indexes);
  Nursery nursery(loop);
  LagWatch lag_watch(loop);
  const auto bus = bus::make_local_bus(loop, **journal);
  auto desk =
      agents::make_run_desk(loop, **journal, *bus, rng, desk_settings(configuration.server), first->catalog);

  Engine* engine = nullptr;
  Generation current = std::move(*first);
  config::Entries<models::EmbedderSettings> embedded_by = configuration.embeddings;
  Stop leaving;
  ReadWriteGate one_at_a_time(loop);  // whoever makes another generation the current one
  // Vectors of turns that are in memory are for the embedders of a configuration.
  auto forget_vectors = [&](const Configuration& next) {
    if (!same_vectors(embedded_by, next.embeddings))
      services.turn_vectors = std::make_shared<memory::TurnVectorsInMemory>();
  };
  auto take_on = [&](Generation next) {
    current = std::move(next);
    desk->replace_catalog(current.catalog);
    if (!engine) return;
    engine->embedders = current.embedders;
    engine->knowledge = current.knowledge;
    engine->catalog = current.catalog;
    engine->tools = current.tools;
  };
  auto reload = [&]() -> Task<Result<std::string>> {
    const auto turn = co_await one_at_a_time.write();
    auto fresh = reload_configuration(source);
    if (!fresh) co_return std::unexpected(fresh.error());
    forget_vectors(*fresh);
    auto next =
        co_await make_generation(*fresh, clients_for(fresh->network), loop, services, fresh->hash, leaving);
    if (!next) co_return std::unexpected(next.error());
    governors.adopt(values_of(fresh->models));
    governors.allow_tenants(fresh->server.calls_per_tenant_max);
    caches.resize(values_of(fresh->models));
    nursery.spawn("keep the configuration",
                  [&journal, text = fresh->canonical] { return keep(**journal, text); });
    take_on(std::move(*next));
    embedded_by = fresh->embeddings;
    if (engine) {
      engine->fetches = clients.back().fetches.get();
      engine->current = std::make_shared<const Configuration>(*fresh);
    }
    library.adopt(*fresh, current.indexes);
    if (engine && engine->reloaded) engine->reloaded(*fresh);
    co_return fmt::format("{} agents, {} models, {} tools", fresh->agents.size(), fresh->models.size(),
                          fresh->tools.size());
  };

  auto earlier = [&](std::string hash) -> Task<Result<std::shared_ptr<const agents::Catalog>>> {
    auto kept = co_await kept_configuration(**journal, hash, configuration);
    if (!kept) co_return std::unexpected(kept.error());
    auto made = co_await make_generation(*kept, clients_for(kept->network), loop, services, hash, leaving);
    if (!made) co_return std::unexpected(made.error());
    co_return made->catalog;
  };

  // Kept like the one it comes from, so that a run that began under it goes on under it after a crash.
  auto variant = [&](std::string agent,
                     std::string model) -> Task<Result<std::shared_ptr<const agents::Catalog>>> {
    const auto current = engine->current;
    auto varied = configuration_of(with_model(*current, agent, model));
    if (!varied) co_return within(fmt::format("agents.{}.model: {}", agent, model), varied.error());
    if (auto kept = co_await (*journal)->put_blob(varied->canonical); !kept)
      co_return std::unexpected(kept.error());
    auto made = co_await make_generation(*varied, clients_for(varied->network), loop, services, varied->hash,
                                         leaving);
    if (!made) co_return std::unexpected(made.error());
    co_return made->catalog;
  };
  desk->vary(variant);

  // Runs at work keep the tools that they began with.
  auto equip_again = [&]() -> Result<> {
    Generation next = current;
    const Configuration& in_use = *engine->current;
    if (auto done = equip(next, in_use, clients.back(), loop, services, in_use.hash); !done) return done;
    take_on(std::move(next));
    library.adopt(in_use, current.indexes);
    return {};
  };
  // A library that was replaced is used from then on; one that does not work changes nothing.
  auto adopt_again = [&]() -> Task<Result<>> {
    const auto turn = co_await one_at_a_time.write();
    const auto in_use = engine->current;
    const plugins::PluginTable before = current.plugins;
    auto adopted = co_await plugins.adopt(*in_use, *clients.back().fetches, leaving, &before);
    if (!adopted) co_return fail(std::move(adopted.error()));
    const bool others = *adopted != before;
    forget_vectors(*in_use);
    auto next = generation_around(std::move(*adopted), *in_use, clients.back(), loop, services, in_use->hash);
    if (!next) co_return fail(std::move(next.error()));
    take_on(std::move(*next));
    library.adopt(*in_use, current.indexes);
    // What a loader has read before it may read otherwise now.
    if (others && engine->reread) engine->reread();
    co_return Result<>();
  };
  nursery.spawn("watch plugins", [&]() -> Task<> {
    while (co_await loop.sleep_for(kLibrariesLookedAt, leaving)) {
      if (!engine || !plugins.changed(*engine->current, current.plugins)) continue;
      const auto done = co_await adopt_again();
      if (done) log::info("the libraries of plugins have changed; new runs use what there is now");
      if (!done && !leaving.requested())
        log::error(
            "the libraries of plugins have changed and cannot be used: those before stay, until a file "
            "changes again or the configuration is reloaded",
            {{"why", done.error().message}});
    }
  });

  bool equipping = false;  // changes of one turn are taken on together
  servers.on_change([&] {
    if (std::exchange(equipping, true)) return;
    loop.post([&] {
      equipping = false;
      if (auto done = equip_again(); !done)
        log::error("the tools of an MCP server could not be taken on", {{"error", done.error().message}});
    });
  });

  Engine assembled{.loop = loop,
                   .journal = **journal,
                   .desk = *desk,
                   .lock = *lock,
                   .configuration = configuration,
                   .embedders = current.embedders,
                   .library = library,
                   .knowledge = current.knowledge,
                   .fetches = clients.front().fetches.get(),
                   .workers = workers,
                   .catalog = current.catalog,
                   .tools = current.tools,
                   .current = std::make_shared<const Configuration>(configuration),
                   .earlier = earlier,
                   .leaving = leaving,
                   .reload = reload};
  engine = &assembled;
  auto whole = [&]() -> Task<int> {
    auto kept =
        co_await (*journal)->put_blob(configuration.canonical);  // what a run's `config` hash stands for
    if (!kept) {
      complain(kept.error().message);
      leaving.request(StopReason::shutdown);
      co_await close_outside(services);
      co_await nursery.join();
      co_return kStore;
    }
    co_await servers.settled(kServersWait);
    int code = co_await body(assembled);
    desk->hurry();
    co_await desk->drain(Milliseconds(0));
    leaving.request(StopReason::shutdown);
    co_await close_outside(services);
    co_await nursery.join();
    co_await library.close();
    co_await (*journal)->close();
    co_return code;
  };
  return run_task(loop, whole());
}

namespace {

/// The plugins that models and embedders come from, for commands that need no others.
Task<Result<plugins::PluginTable>> provider_plugins(const Configuration& configuration, PluginKeeper& keeper,
                                                    net::HttpClient& http) {
  Configuration wanted;
  for (const std::string& name : providers_of_plugins(configuration)) {
    if (const auto found = configuration.plugins.find(name); found != configuration.plugins.end())
      wanted.plugins.insert(*found);
    else
      wanted.plugins_from = configuration.plugins_from;
  }
  Stop nobody_asks;
  co_return co_await keeper.adopt(wanted, http, nobody_asks);
}

int refused(const Error& why) {
  complain(why.message);
  return kUsage;
}

/// What commands have that need no engine.
struct Bench {
  explicit Bench(const Configuration& wanted)
      : configuration(wanted), library(loop, workers, machine, wanted.store.path) {}

  Task<Result<std::shared_ptr<memory::ConfiguredKnowledge>>> knowledge(
      std::shared_ptr<const memory::Loaders> loaders = nullptr) {
    auto providers = co_await provider_plugins(configuration, plugins, *clients.fetches);
    if (!providers) co_return fail(std::move(providers.error()));
    const auto making = embedder_services(configuration, clients, loop, services, *providers);
    auto embedders = models::make_embedders(values_of(configuration.embeddings), making);
    if (!embedders) co_return fail(std::move(embedders.error()));
    auto models = make_model_table(configuration, clients, loop, services, *providers);
    if (!models) co_return fail(std::move(models.error()));
    auto prompts = load_prompts(configuration);
    if (!prompts) co_return fail(std::move(prompts.error()));
    library.adopt(configuration);
    co_return library.configure(configuration, *embedders, making, *models, *prompts, std::move(loaders));
  }

  // Runs it, and takes down what it used.
  int run(Task<int> body) {
    auto whole = [](Task<int> inner, Bench& used) -> Task<int> {
      const int code = co_await std::move(inner);
      co_await close_outside(used.services);
      co_await used.library.close();
      co_return code;
    };
    return run_task(loop, whole(std::move(body), *this));
  }

  const Configuration& configuration;
  SystemClock clock;
  SystemRng rng;
  Loop loop{clock};
  Workers workers{kWorkers};
  Clients clients = make_clients(loop, configuration.network);
  Machine machine;
  Library library;
  tools::mcp::Servers servers{{.loop = loop, .http = *clients.models, .client_version = kVersion}};
  PluginKeeper plugins{loop, machine, configuration.store.path};
  Services services{rng, workers, library, servers, plugins, machine};
};

}  // namespace

namespace {

/// The tools as they are once MCP servers were asked for theirs.
Task<int> with_settled_tools(Bench& bench, std::function<Task<int>(Loop&, const tools::ToolTable&)> body) {
  auto knowledge = co_await bench.knowledge();
  if (!knowledge) co_return refused(knowledge.error());
  Stop nobody_asks;
  auto plugins = co_await bench.plugins.adopt(bench.configuration, *bench.clients.fetches, nobody_asks);
  if (!plugins) co_return refused(plugins.error());
  auto make = [&] {
    return make_tool_table(bench.configuration, bench.clients, bench.loop, bench.services, *knowledge,
                           *plugins);
  };
  auto tools = make();
  if (tools && !bench.servers.empty()) {
    co_await bench.servers.settled(kServersWait);
    tools = make();
  }
  if (!tools) {
    complain(tools.error().message);
    co_return kUsage;
  }
  co_return co_await body(bench.loop, *tools);
}

}  // namespace

int with_tools(const Configuration& configuration,
               std::function<Task<int>(Loop&, const tools::ToolTable&)> body) {
  Bench bench(configuration);
  return bench.run(with_settled_tools(bench, std::move(body)));
}

int with_plugins(const Configuration& configuration,
                 std::function<int(const plugins::PluginTable&, const std::vector<plugins::LeftOut>&)> body) {
  Bench bench(configuration);
  const auto look = [&]() -> Task<int> {
    Stop nobody_asks;
    auto plugins = co_await bench.plugins.adopt(configuration, *bench.clients.fetches, nobody_asks);
    if (plugins) co_return body(*plugins, bench.plugins.left_out());
    complain(plugins.error().message);
    co_return kUsage;
  };
  return bench.run(look());
}

namespace {

/// What the loaders of plugins are made of; no plugin is opened where nobody is going to read.
Task<Result<std::shared_ptr<const memory::Loaders>>> loaders_for(Bench& bench, Readers readers) {
  if (readers == Readers::unlikely) co_return nullptr;
  Stop nobody_asks;
  auto plugins = co_await bench.plugins.adopt(bench.configuration, *bench.clients.fetches, nobody_asks);
  if (!plugins) co_return fail(std::move(plugins.error()));
  co_return make_loaders(bench.loop, bench.configuration, *plugins);
}

Task<int> with_opened_library(Bench& bench, std::function<Task<int>(LibraryServices)> body, Readers readers) {
  auto loaders = co_await loaders_for(bench, readers);
  if (!loaders) co_return refused(loaders.error());
  auto knowledge = co_await bench.knowledge(std::move(*loaders));
  if (!knowledge) co_return refused(knowledge.error());
  co_return co_await body({.loop = bench.loop,
                           .library = bench.library,
                           .knowledge = **knowledge,
                           .fetches = *bench.clients.fetches});
}

}  // namespace

int with_library(const Configuration& configuration, std::function<Task<int>(LibraryServices)> body,
                 Readers readers) {
  Bench bench(configuration);
  return bench.run(with_opened_library(bench, std::move(body), readers));
}

int with_providers(const Configuration& configuration, std::function<Task<int>(ProviderServices)> body) {
  SystemClock clock;
  SystemRng rng;
  Loop loop(clock);
  Workers workers(kWorkers);
  Clients clients = make_clients(loop, configuration.network);
  Machine machine;
  PluginKeeper keeper(loop, machine, configuration.store.path);
  const auto whole = [&]() -> Task<int> {
    int code = kUsage;
    auto plugins = co_await provider_plugins(configuration, keeper, *clients.fetches);
    if (plugins) {
      ProviderServices services{.models = {.http = *clients.models,
                                           .loop = loop,
                                           .rng = rng,
                                           .plugins = plugins::model_maker(*plugins, workers)},
                                .embedders = {.http = *clients.models,
                                              .loop = loop,
                                              .rng = rng,
                                              .workers = workers,
                                              .plugins = plugins::embedder_maker(*plugins, workers)}};
      code = co_await body(std::move(services));
      plugins->clear();
    } else {
      complain(plugins.error().message);
    }
    co_await keeper.close();
    co_return code;
  };
  return run_task(loop, whole());
}

}  // namespace troupe::app
