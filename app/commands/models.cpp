#include "app/commands/command.h"
#include "app/load.h"
#include "app/model_list.h"
#include "app/wiring.h"
#include "models/endpoint.h"
#include "models/trial/embedder_trial.h"
#include "models/trial/model_trial.h"
#include "runtime/base/suggest.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

struct ModelsOptions {
  std::string config;
  std::vector<std::string> names;
  bool json = false;
  bool remote = false;
};

/// Calls made by hand tell what came of them; nobody follows them meanwhile.
class NoEvents final : public EventSink {
 public:
  void publish(Event) override {}
};

/// The distinct places of all entries that have a list, each with the entries that are there.
std::vector<std::pair<models::RemotePlace, std::vector<std::string>>> places_of(const Configuration& all) {
  std::vector<std::pair<models::RemotePlace, std::vector<std::string>>> places;
  const auto add = [&](models::RemotePlace place, std::string entry) {
    if (models::list_url(place).empty()) return;
    auto known = std::ranges::find(places, place, [](const auto& p) { return p.first; });
    if (known == places.end()) known = places.insert(places.end(), {std::move(place), {}});
    known->second.push_back(std::move(entry));
  };
  for (const auto& [name, model] : all.models) add(models::remote_place(model), "models." + name);
  for (const auto& [name, entry] : all.embeddings) add(models::remote_place(entry), "embeddings." + name);
  return places;
}

Task<int> list_remote(const Configuration& all, ProviderServices services, bool json) {
  Stop stop;
  NoEvents events;
  CallContext context{.loop = services.models.loop, .stop = stop, .deadline = {}, .events = events};
  Json lists = Json::array();
  int code = kDone;
  for (auto& [place, entries] : places_of(all)) {
    RemoteList list{.entries = std::move(entries), .address = models::shown_url(models::list_url(place))};
    list.models = co_await models::remote_models(services.models.http, std::move(place), context);
    if (!list.models) code = kFailed;
    if (json)
      lists.push_back(as_json(list));
    else
      fmt::print("\n{}", as_text(list));
    std::fflush(stdout);
  }
  if (json) {
    Json whole = as_json(all.models, all.embeddings);
    whole["remote"] = std::move(lists);
    fmt::print("{}\n", dump_pretty(whole));
  }
  co_return code;
}

int list(const ModelsOptions& options) {
  auto loaded = load_for_command(options.config);
  if (!loaded) return kUsage;
  const Configuration& all = loaded->configuration;
  if (!options.json)
    fmt::print("{}", as_text(all.models, all.embeddings));
  else if (!options.remote)
    fmt::print("{}\n", dump_pretty(as_json(all.models, all.embeddings)));
  std::fflush(stdout);
  if (!options.remote) return kDone;
  return with_providers(all,
                        [&](ProviderServices services) { return list_remote(all, services, options.json); });
}

models::Findings not_made(const Error& error) {
  return {{"entry", models::Finding::Verdict::fails, error.message}};
}

Task<TriedEntry> try_entry(models::ModelSettings settings, ProviderServices services, CallContext& context) {
  TriedEntry tried{"models", settings.name, settings.provider, settings.model, address_of(settings), {}};
  if (settings.provider == "cassette") {
    tried.findings = models::findings_of_cassette(settings);
    co_return tried;
  }
  settings = models::trial_settings(std::move(settings));
  auto table = models::make_models({settings}, services.models);
  tried.findings =
      table ? co_await models::try_model(*table->at(tried.name), settings, context) : not_made(table.error());
  co_return tried;
}

Task<TriedEntry> try_entry(models::EmbedderSettings settings, ProviderServices services,
                           CallContext& context) {
  TriedEntry tried{"embeddings", settings.name, settings.provider, settings.model, address_of(settings), {}};
  settings = models::trial_settings(std::move(settings));
  auto table = models::make_embedders({settings}, services.embedders);
  tried.findings = table ? co_await models::try_embedder(*table->at(tried.name), settings, context)
                         : not_made(table.error());
  co_return tried;
}

Task<int> try_all(const Configuration& all, ProviderServices services, const ModelsOptions& options) {
  Stop stop;
  NoEvents events;
  CallContext context{.loop = services.models.loop, .stop = stop, .deadline = {}, .events = events};
  const auto asked = [&](const std::string& name) {
    return options.names.empty() || std::ranges::find(options.names, name) != options.names.end();
  };
  Json whole = Json::array();
  bool good = true;
  const auto report = [&](const TriedEntry& tried) {
    good = good && models::all_work(tried.findings);
    if (options.json)
      whole.push_back(as_json(tried));
    else
      fmt::print("{}", as_text(tried));
    std::fflush(stdout);
  };
  for (const auto& [name, settings] : all.models)
    if (asked(name)) report(co_await try_entry(settings, services, context));
  for (const auto& [name, settings] : all.embeddings)
    if (asked(name)) report(co_await try_entry(settings, services, context));
  if (options.json) fmt::print("{}\n", dump_pretty(whole));
  co_return good ? kDone : kFailed;
}

int test(const ModelsOptions& options) {
  auto loaded = load_for_command(options.config);
  if (!loaded) return kUsage;
  const Configuration& all = loaded->configuration;
  for (const std::string& name : options.names) {
    if (all.models.contains(name) || all.embeddings.contains(name)) continue;
    std::vector<std::string> known = names_of(all.models);
    for (const std::string& embedder : names_of(all.embeddings)) known.push_back(embedder);
    complain(fmt::format("there is neither a model nor an embedder `{}`{}", name, did_you_mean(name, known)));
    return kUsage;
  }
  return with_providers(all, [&](ProviderServices services) { return try_all(all, services, options); });
}

}  // namespace

void add_models(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ModelsOptions>();
  CLI::App* command = app.add_subcommand("models", "List the configured models and embedders, and try them");
  command->require_subcommand(1);
  auto add = [&](const char* name, const char* description) {
    CLI::App* sub = command->add_subcommand(name, description);
    sub->add_option("-c,--config", options->config,
                    "Configuration file (default: as `troupe serve` looks for it)");
    sub->add_flag("--json", options->json, "As JSON");
    return sub;
  };
  CLI::App* list_command = add("list", "Where they are, what they cost and what their providers can");
  list_command->add_flag("--remote", options->remote, "Ask each provider, too, which models it has");
  list_command->callback([options, &exit_code] { exit_code = list(*options); });
  CLI::App* test_command = add("test", "Make a few tiny calls and print what works");
  test_command->add_option("name", options->names, "Entries of `models` or `embeddings` (default: all)");
  test_command->footer(
      "A line each: the connection, an answer, the stream, the count of tokens, a native call of a tool, a "
      "reply\nheld to a schema, embeddings. ✓ works, ✗ fails, – is not there, which is no failure. Takes a "
      "few hundred\ntokens and a minute and a half an entry at most.\nExit: 0 when nothing failed, 1 "
      "otherwise.");
  test_command->callback([options, &exit_code] { exit_code = test(*options); });
}

}  // namespace troupe::app
