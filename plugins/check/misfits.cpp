#include "plugins/check/misfits.h"

#include "plugins/check/sample_input.h"
#include "plugins/host/fitting.h"
#include "plugins/plugin_memory.h"
#include "runtime/base/suggest.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::plugins {

namespace {

constexpr std::size_t kNamesShown = 20;  // of services, where none is near the one that was meant

std::optional<std::string> misfit_of_config(const std::string& text, const PluginDescription& plugin) {
  auto config = parse_json(text);
  if (!config || !config->is_object())
    return "--config wants a JSON object: " + (config ? "it is another value" : config.error().message);
  // Beside what the schema is of (plugins/troupe_plugin.h).
  config->erase("secrets");
  const auto fits = check_fits(*config, plugin.config_schema, "config");
  if (fits) return std::nullopt;
  if (!config->empty())
    return fmt::format("--config does not go with the plugin `{}`: {}", plugin.name, fits.error().message);
  const Json sample = sample_input(plugin.config_schema);
  const bool good = check_fits(sample, plugin.config_schema, "config").has_value();
  return fmt::format("the plugin `{}` needs --config{}: {}", plugin.name,
                     good ? fmt::format(", such as --config '{}'", dump(sample)) : "", fits.error().message);
}

/// What of an input the schema of its service is of, and how that is called; null: nothing.
std::pair<const Json*, std::string_view> bound_by_schema(const ServiceDescription& service,
                                                         const Json& input) {
  if (service.kind == kMemoryKind) return {find(input, "options"), "options"};
  if (service.kind == "guardrail") return {find(input, "settings"), "settings"};
  if (service.kind == "index") return {&input, "options"};
  if (service.kind == "tool" && !service.input_schema.is_null()) return {&input, "input"};
  return {nullptr, ""};
}

std::string unknown_service(const std::string& name, const PluginDescription& plugin) {
  std::vector<std::string> names;
  for (const ServiceDescription& service : plugin.services) names.push_back(service.name);
  std::string hint = did_you_mean(name, names);
  if (hint.empty() && !names.empty()) {
    const bool more = names.size() > kNamesShown;
    names.resize(std::min(names.size(), kNamesShown));
    hint = fmt::format(". It has: {}{}", fmt::join(names, ", "), more ? " …" : "");
  }
  return fmt::format("--call: the plugin `{}` has no service `{}`{}", plugin.name, name, hint);
}

}  // namespace

std::vector<std::string> misfits(const ValidatorOptions& options, const PluginDescription& plugin) {
  std::vector<std::string> found;
  if (auto misfit = misfit_of_config(options.instance.config, plugin)) found.push_back(std::move(*misfit));
  for (const auto& [name, input] : options.inputs) {
    bool known = false;
    for (const ServiceDescription& service : plugin.services) {
      if (service.name != name) continue;
      known = true;
      if (!input.is_object()) {
        found.push_back(fmt::format("--call: what the {} `{}` is called with is a JSON object, not {}",
                                    service.kind, name, dump(input)));
        continue;
      }
      const auto [value, key] = bound_by_schema(service, input);
      if (!value) continue;
      if (const auto fits = check_fits(*value, service.input_schema, key); !fits)
        found.push_back(
            fmt::format("--call does not go with the {} `{}`: {}", service.kind, name, fits.error().message));
    }
    if (!known) found.push_back(unknown_service(name, plugin));
  }
  return found;
}

}  // namespace troupe::plugins
