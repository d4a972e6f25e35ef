#include "app/commands/command.h"
#include "app/private_files.h"
#include "app/version.h"
#include "memory/knowledge/ingest/reader_program.h"
#include "plugins/host/worker_program.h"
#include "runtime/base/fault.h"

#include <cerrno>
#include <csignal>
#include <exception>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

namespace troupe::app {

namespace {

int run(int argc, char** argv) {
  CLI::App app{
      "Hosts teams of LLM agents: every step journaled, cancel means stopped, kill -9 loses nothing."};
  app.name("troupe");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("troupe ") + kVersion);
  app.footer(
      "Start with:  troupe ask --trace \"What is 17.5% of 2480, plus 12^3?\"\nEvery command explains itself: "
      "troupe COMMAND --help");
  int exit_code = kDone;
#define TROUPE_COMMAND(name) add_##name(app, exit_code);
#include "app/commands/commands.def"
#undef TROUPE_COMMAND
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  return exit_code;
}

// Who read our output has gone (`troupe … | head -1`): there is nobody to work for. A write to any other
// descriptor fails with EPIPE, where it is made. `serve` works for others and takes this away.
void on_broken_pipe(int) {
  pollfd out{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  const int before = errno;
  if (::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0) ::_exit(128 + SIGPIPE);
  errno = before;
}

}  // namespace
}  // namespace troupe::app

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == troupe::memory::kReaderArgument) return troupe::memory::serve_documents();
  if (argc == 3 && argv[1] == troupe::plugins::kWorkerArgument) return troupe::plugins::serve_plugin(argv[2]);
  std::signal(SIGPIPE, troupe::app::on_broken_pipe);
  // Who started us may have ignored it, which is inherited: children would vanish before they are waited for.
  std::signal(SIGCHLD, SIG_DFL);
  troupe::app::write_privately();
  if (auto armed = troupe::arm_faults_from_environment(); !armed) {
    troupe::app::complain(armed.error().message);
    return troupe::app::kUsage;
  }
  try {
    return troupe::app::run(argc, argv);
  } catch (const std::exception& error) {
    troupe::app::complain(error.what());
    return troupe::app::kFailed;
  }
}
