#pragma once

#include <string>

namespace CLI {
class App;
}

namespace troupe::app {

/// Exit codes of every command (docs/guide.md).
enum Exit : int {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,
  kNeedsApproval = 3,
  kStore = 4,
  kInterrupted = 130,
};

/// Adds one subcommand with its options; when it is chosen, its callback does the work and sets `exit_code`.
/// One file a subcommand; commands.def lists them in the order of --help.
#define TROUPE_COMMAND(name) void add_##name(CLI::App& app, int& exit_code);
#include "app/commands/commands.def"
#undef TROUPE_COMMAND

/// One line for people on stderr: "troupe: TEXT".
void complain(const std::string& text);

}  // namespace troupe::app
