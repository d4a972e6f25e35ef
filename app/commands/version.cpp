#include "app/version.h"

#include "app/commands/command.h"

#include <CLI/CLI.hpp>
#include <boost/version.hpp>
#include <fmt/format.h>

namespace troupe::app {

void add_version(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("version", "Print the version and what it runs on");
  command->callback([&exit_code] {
    fmt::print("troupe {}\nclang {}, Boost {}.{}.{}\n", kVersion, __clang_version__, BOOST_VERSION / 100000,
               BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
    exit_code = kDone;
  });
}

}  // namespace troupe::app
