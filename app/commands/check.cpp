#include "app/commands/command.h"
#include "app/configuration.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

void add_check(CLI::App& app, int& exit_code) {
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* command =
      app.add_subcommand("check", "Check configuration files and say everything that is wrong");
  command->add_option("files", *files, "Configuration files, each checked on its own")->required();
  command->footer("Each problem is one line, file:line:col: error: text. Exit: 0 no errors, 2 otherwise.");
  command->callback([files, &exit_code] {
    std::vector<config::Problem> problems = check_files(*files);
    for (const config::Problem& problem : problems) fmt::print("{}\n", config::render(problem));
    exit_code = has_errors(problems) ? kUsage : kDone;
    if (exit_code == kDone) fmt::print("{}: no errors\n", fmt::join(*files, ", "));
  });
}

}  // namespace troupe::app
