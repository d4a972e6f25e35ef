#include "app/commands/command.h"
#include "app/configuration.h"
#include "app/import/adk.h"
#include "app/import/crewai.h"
#include "app/import/result_check.h"
#include "runtime/config/yaml_text.h"

#include <filesystem>
#include <fstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

struct ImportCommand {
  std::vector<std::string> files;
  std::string output;
  std::string model;
  bool force = false;
  bool json = false;
};

void print_notes(const Imported& imported, const std::vector<std::string>& problems, bool json) {
  if (json) {
    Json notes = Json::array();
    for (const ImportNote& note : imported.notes) notes.push_back(to_json(note));
    fmt::print(stderr, "{}\n",
               dump_pretty({{"notes", notes}, {"variables", imported.variables}, {"problems", problems}}));
    return;
  }
  for (const ImportNote& note : imported.notes) fmt::print(stderr, "{}\n", render(note));
  for (const std::string& problem : problems) fmt::print(stderr, "{}\n", problem);
  if (!imported.variables.empty())
    fmt::print(stderr, "set before it is used: {}\n", fmt::join(imported.variables, ", "));
}

// Whole or not at all.
bool write_output(const std::string& path, const std::string& text) {
  const std::string beside = path + ".new";
  std::ofstream file(beside, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(beside, path, error);
  if (file && !error) return true;
  std::filesystem::remove(beside, error);
  return false;
}

int finish(const Result<Imported>& imported, const ImportCommand& command) {
  if (!imported) {
    complain(imported.error().message);
    return kUsage;
  }
  const std::string text = config::yaml_text(imported->configuration);
  const std::vector<std::string> problems = problems_of(*imported, command.output);
  if (command.output.empty())
    fmt::print("{}", text);
  else if (!write_output(command.output, text)) {
    complain(fmt::format("{} cannot be written", command.output));
    return kFailed;
  }
  print_notes(*imported, problems, command.json);
  return problems.empty() ? kDone : kFailed;
}

template <class Import>
int run(const ImportCommand& command, Import import) {
  if (!command.model.empty() && command.model != "builtin") {
    complain(fmt::format("--model takes `builtin` only, not `{}`: models are read from the project",
                         command.model));
    return kUsage;
  }
  if (!command.output.empty() && !command.force && std::filesystem::exists(command.output)) {
    complain(fmt::format("{} exists already; --force replaces it", command.output));
    return kUsage;
  }
  return finish(import(ImportOptions{.builtin = !command.model.empty()}, config::ProcessEnvironment()),
                command);
}

CLI::App* add_source(CLI::App* command, const char* name, const char* description, const char* files,
                     const std::shared_ptr<ImportCommand>& options) {
  CLI::App* sub = command->add_subcommand(name, description);
  sub->add_option("files", options->files, files)->required();
  sub->add_option("-o,--output", options->output, "Write to this file (default: stdout)");
  sub->add_flag("--force", options->force, "Replace the file when it is there");
  sub->add_option("--model", options->model,
                  "`builtin`: all models become the built-in one, which needs no key");
  sub->add_flag("--json", options->json, "What could not be carried over, as JSON");
  sub->footer(
      "What could not be carried over is listed on stderr, key by key. Nothing of the project is run. "
      "Without "
      "--model builtin the file reads keys from the environment, and `troupe check` wants them set.");
  return sub;
}

}  // namespace

void add_import(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ImportCommand>();
  CLI::App* command = app.add_subcommand("import", "Write a Troupe file from another framework's project");
  command->require_subcommand(1);
  CLI::App* crewai = add_source(command, "crewai", "From CrewAI",
                                "agents.yaml, tasks.yaml and perhaps crew.yaml or crew.jsonc", options);
  crewai->callback([options, &exit_code] {
    exit_code = run(*options, [&](const ImportOptions& import, const config::Environment& environment) {
      return import_crewai(options->files, import, environment);
    });
  });
  CLI::App* adk = add_source(command, "adk", "From Google ADK's Agent Config", "root_agent.yaml", options);
  adk->callback([options, &exit_code] {
    if (options->files.size() != 1) {
      complain("import adk takes one file, root_agent.yaml: it names the others");
      exit_code = kUsage;
      return;
    }
    exit_code = run(*options, [&](const ImportOptions& import, const config::Environment& environment) {
      return import_adk(options->files.front(), import, environment);
    });
  });
}

}  // namespace troupe::app
