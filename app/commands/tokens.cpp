#include "app/commands/command.h"
#include "models/tokens/encoding.h"
#include "models/tokens/token_lines.h"

#include <iostream>

#include <CLI/CLI.hpp>

namespace troupe::app {

void add_tokens(CLI::App& app, int& exit_code) {
  struct Options {
    std::string encoding = "o200k_base";
    std::string model;
    bool ids = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("tokens", "Count the tokens of a text as OpenAI's models do");
  auto* encoding = command->add_option("--encoding", options->encoding, "What to count in")
                       ->capture_default_str()
                       ->check(CLI::IsMember({"cl100k_base", "o200k_base"}));
  command->add_option("--model", options->model, "Count as this OpenAI model does, such as gpt-4o-mini")
      ->excludes(encoding)
      ->check([](const std::string& model) {
        return models::tokens::encoding_of(model)
                   ? ""
                   : "the encoding of `" + model + "` is not known; name one with --encoding";
      });
  command->add_flag("--ids", options->ids, "Print the tokens' ids, too");
  command->footer(
      "Reads a text on standard input and prints how many tokens it has; or, where the first line is a JSON\n"
      "object with `text`, a text a line, and prints a count a line. With --ids the line has the ids, with\n"
      "blanks between. Special tokens such as <|endoftext|> are read as the characters they are. A line "
      "that\n"
      "is no such object is told on standard error and printed as `error`.\n"
      "Exit: 0 when everything was counted, 1 otherwise.");
  command->callback([options, &exit_code] {
    using namespace models::tokens;
    const auto name =
        options->model.empty() ? encoding_named(options->encoding) : encoding_of(options->model);
    exit_code = count_lines(std::cin, std::cout, std::cerr, Encoding::get(*name), options->ids) ? 0 : 1;
  });
}

}  // namespace troupe::app
