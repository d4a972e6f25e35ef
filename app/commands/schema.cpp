#include "app/commands/command.h"
#include "app/configuration.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

void add_schema(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("schema", "Print the JSON Schema of the configuration, for editors");
  command->footer(
      "Save it and put this line on top of your file:\n  # yaml-language-server: $schema=troupe.schema.json");
  command->callback([&exit_code] {
    fmt::print("{}\n", schema_text());
    exit_code = kDone;
  });
}

}  // namespace troupe::app
