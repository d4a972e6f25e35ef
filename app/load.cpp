#include "app/load.h"

#include "app/commands/command.h"
#include "runtime/telemetry/log.h"

#include <fmt/format.h>

namespace troupe::app {

namespace {

Checked load(const std::string& source) {
  return source.empty() ? default_configuration() : load_configuration(source);
}

}  // namespace

std::optional<CommandConfiguration> load_for_command(const std::string& path) {
  std::string source = path.empty() ? find_configuration().value_or("") : path;
  Checked loaded = load(source);
  for (const config::Problem& problem : loaded.problems) fmt::print(stderr, "{}\n", config::render(problem));
  if (!loaded.configuration) return std::nullopt;
  log::configure(loaded.configuration->log.level, loaded.configuration->log.format);
  return CommandConfiguration{std::move(*loaded.configuration), std::move(source)};
}

Result<Configuration> reload_configuration(const std::string& source) {
  Checked loaded = load(source);
  if (loaded.configuration) return std::move(*loaded.configuration);
  std::string all;
  for (const config::Problem& problem : loaded.problems)
    all += (all.empty() ? "" : "\n") + config::render(problem);
  return fail(ErrorCode::invalid, all);
}

}  // namespace troupe::app
