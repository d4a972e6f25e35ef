#include "app/commands/command.h"
#include "app/configuration.h"
#include "app/service_checks.h"
#include "runtime/config/environment.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

void add_check(CLI::App& app, int& exit_code) {
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* command =
      app.add_subcommand("check", "Check configuration files and say everything that is wrong");
  command->add_option("files", *files, "Configuration files, each checked on its own")->required();
  command->footer(
      "Plugins that something is named of are loaded, confined, and asked what they have and take.\n"
      "Each problem is one line, file:line:col: error: text. Exit: 0 no errors, 2 otherwise.");
  command->callback([files, &exit_code] {
    std::vector<config::Problem> problems = check_files(*files);
    for (const config::Problem& problem : problems) fmt::print("{}\n", config::render(problem));
    // What only plugins can tell is asked once everything else is well.
    if (!has_errors(problems))
      for (const std::string& file : *files) {
        const Checked checked = load_configuration(file);
        if (!checked.configuration) continue;
        for (config::Problem& problem :
             check_services(file, *checked.configuration, config::ProcessEnvironment())) {
          fmt::print("{}\n", config::render(problem));
          problems.push_back(std::move(problem));
        }
      }
    exit_code = has_errors(problems) ? kUsage : kDone;
    if (exit_code == kDone) fmt::print("{}: no errors\n", fmt::join(*files, ", "));
  });
}

}  // namespace troupe::app
