#include "agents/chains/section.h"
#include "app/commands/command.h"
#include "app/load.h"
#include "runtime/base/suggest.h"
#include "runtime/config/yaml_text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

struct ChainsOptions {
  std::string config;
  std::string name;
  bool json = false;
};

int list(const Configuration& configuration, bool json) {
  Json all = Json::array();
  for (const auto& [name, chain] : configuration.chains) {
    std::vector<std::string> inputs = agents::inputs_of(chain);
    if (json)
      all.push_back({{"name", name},
                     {"description", chain.description},
                     {"inputs", inputs},
                     {"steps", chain.steps.size()}});
    else
      fmt::print("{:16} {:3} steps  {}{}\n", name, chain.steps.size(),
                 inputs.empty() ? "" : fmt::format("({}) ", fmt::join(inputs, ", ")),
                 chain.description.substr(0, chain.description.find('\n')));
  }
  if (json) fmt::print("{}\n", dump_pretty(all));
  return kDone;
}

int show(const Configuration& configuration, const std::string& name, bool json) {
  const auto found = configuration.chains.find(name);
  if (found == configuration.chains.end()) {
    complain(
        fmt::format("there is no chain `{}`{}", name, did_you_mean(name, names_of(configuration.chains))));
    return kUsage;
  }
  const Json shown = {{"chains", agents::chains_section()->show({{name, found->second}})}};
  fmt::print("{}", json ? dump_pretty(shown) + "\n" : config::yaml_text(shown));
  return kDone;
}

template <class Body>
int with_loaded(const ChainsOptions& options, Body body) {
  const auto loaded = load_for_command(options.config);
  return loaded ? body(loaded->configuration) : static_cast<int>(kUsage);
}

}  // namespace

void add_chains(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ChainsOptions>();
  CLI::App* command = app.add_subcommand("chains", "List the configured chains and export them");
  command->require_subcommand(1);
  auto add = [&](const char* name, const char* description) {
    CLI::App* sub = command->add_subcommand(name, description);
    sub->add_option("-c,--config", options->config,
                    "Configuration file (default: as `troupe serve` looks for it)");
    sub->add_flag("--json", options->json, "As JSON");
    return sub;
  };
  CLI::App* list_command = add("list", "Names, inputs and descriptions");
  list_command->callback([options, &exit_code] {
    exit_code = with_loaded(*options, [&](const Configuration& all) { return list(all, options->json); });
  });
  CLI::App* show_command = add("show", "One chain as YAML, with all of its settings");
  show_command->add_option("name", options->name, "The chain")->required();
  show_command->footer(
      "What it prints is a part of a configuration: write it to a file and name that under `include`.");
  show_command->callback([options, &exit_code] {
    exit_code = with_loaded(
        *options, [&](const Configuration& all) { return show(all, options->name, options->json); });
  });
}

}  // namespace troupe::app
