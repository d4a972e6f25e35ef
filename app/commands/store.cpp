#include "app/commands/store.h"

#include "app/commands/command.h"
#include "app/load.h"

#include <memory>

#include <CLI/CLI.hpp>

namespace troupe::app {

std::optional<std::string> store_folder(const StoreOptions& options) {
  if (!options.store.empty()) return options.store;
  auto loaded = load_for_command(options.config);
  if (!loaded) return std::nullopt;
  return loaded->configuration.store.path;
}

int tell_store(const Error& error) {
  complain(error.message);
  return error.code == ErrorCode::store || error.code == ErrorCode::busy || error.code == ErrorCode::timeout
             ? kStore
             : kFailed;
}

void add_store(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<StoreOptions>();
  CLI::App* command = app.add_subcommand("store", "Check, back up, restore and compact what is kept");
  command->require_subcommand(1);
  const auto add = [&](const char* name, const char* description, int (*body)(const StoreOptions&)) {
    CLI::App* sub = command->add_subcommand(name, description);
    sub->add_option("-c,--config", options->config,
                    "Configuration file that names the store (default: as `troupe serve` looks for it)");
    sub->add_option("--store", options->store, "The store's folder, instead of the configuration's");
    sub->callback([options, &exit_code, body] { exit_code = body(*options); });
    return sub;
  };

  CLI::App* check =
      add("check", "Hold everything in the store against what the journal promises; changes nothing",
          store_check);
  check->add_flag("--deep", options->deep,
                  "Also fold every beginning of every run, as a start after a crash there would: slow");
  check->add_flag("--json", options->json, "One JSON object a finding, then one of what was looked at");
  check->footer(
      "Exit: 0 nothing found, 1 something was, 4 the store cannot be opened or its file is damaged.");

  CLI::App* backup =
      add("backup", "Copy the store into a new folder, beside a daemon that has it or not", store_backup);
  backup->add_option("folder", options->backup, "The folder to make")->required();
  backup->add_flag("--force", options->force,
                   "Replace an earlier backup of that name once this one is whole");
  backup->footer(
      "Copied are journal.db and, where there is one, knowledge.db; each is checked before the folder gets "
      "its "
      "name. Exit: 0 done, 1 not done, 4 the store cannot be read or the copy not be written.");

  CLI::App* restore = add("restore", "Put a backup in the place of a store that nobody has", store_restore);
  restore->add_option("folder", options->backup, "The backup: a folder with a journal.db")->required();
  restore->add_flag("--force", options->force,
                    "Also where there is a store: it is set aside beside the new one, not deleted");
  restore->footer("Exit: 0 done, 1 not done, 4 the store is in use, or backup or store cannot be used.");

  CLI::App* compact =
      add("compact", "Give the space of what was deleted back to the disk, of a store that nobody has",
          store_compact);
  compact->add_option("--older-than", options->older_than,
                      "First drop what only the daemon needed of runs that ended so long ago, such as `90d`; "
                      "they cannot be replayed, forked or resumed any more");
  compact->footer(
      "Deletes texts that nothing refers to any more, and no event, row or line of the ledger; facts only of "
      "runs\n"
      "that --older-than names. Exit: 0 done, 2 wrong usage, 4 the store is in use or cannot be written.");
}

}  // namespace troupe::app
