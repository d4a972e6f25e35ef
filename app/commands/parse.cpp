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
      "Reads one reply on standard input, as the model wrote it; or, where the first line is a JSON object "
      "with\n"
      "`completion`, a reply a line. Prints one JSON object each:\n"
      "  {\"type\":\"action\",\"tool\":…,\"input\":…}   (several calls: \"actions\":[…])\n"
      "  {\"type\":\"final\",\"answer\":…}\n"
      "  {\"type\":\"malformed\",\"reason\":…}\n"
      "with \"thought\", what had to be mended in \"repairs\", and the \"id\" of its line. A line that is "
      "none is\n"
      "answered as malformed, with its number, and the others are read.\n"
      "Exit: 0 when every reply was a step, 1 otherwise.");
  command->callback([strategy, &exit_code] {
    exit_code = agents::run_parse(std::cin, std::cout, *agents::dialect_of(*strategy));
  });
}

}  // namespace troupe::app
