#include "agents/react/parser/parse_report.h"
#include "app/commands/command.h"

#include <iostream>

#include <CLI/CLI.hpp>

namespace troupe::app {

void add_parse(CLI::App& app, int& exit_code) {
  auto strategy = std::make_shared<std::string>("react");
  CLI::App* command = app.add_subcommand("parse", "Show what an agent would do with a model's reply");
  command->add_option("--strategy", *strategy, "How the model was asked to write")
      ->capture_default_str()
      ->check(CLI::IsMember(
          {"react", "react_text", "tools", "conversational", "docstore", "self_ask", "plan_execute"}));
  command->footer(
      "Reads model text on standard input, or JSON lines with `completion`, and prints one JSON object "
      "each:\n"
      "{\"type\":\"action\",…}, {\"type\":\"final\",…} or {\"type\":\"malformed\",\"reason\":…}.\n"
      "Exit: 0 when every reply was a step, 1 otherwise.");
  command->callback([strategy, &exit_code] {
    exit_code = agents::run_parse(std::cin, std::cout, *agents::dialect_of(*strategy));
  });
}

}  // namespace troupe::app
