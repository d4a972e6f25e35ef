#pragma once

#include "tests/fakes/process.h"
#include "tests/fakes/temp_dir.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace troupe::e2e {

/// The program under test.
std::string program();

/// A folder with a configuration and a store, and the real daemon on it, on a free port.
class Daemon {
 public:
  /// `yaml` without `version`, `server.listen` and `store`, which are added.
  explicit Daemon(const std::string& yaml, std::string server_extra = "") { rewrite(yaml, server_extra); }

  /// Puts another configuration in the file; the daemon learns of it by SIGHUP or a restart.
  void rewrite(const std::string& yaml, const std::string& server_extra = "") {
    std::ofstream(config()) << "version: 1\nserver:\n  listen: 127.0.0.1:0\n"
                            << server_extra << "store: { path: " << (folder_.path() / "store").string()
                            << " }\n"
                            << yaml;
  }

  void start(std::vector<std::string> environment = {}) {
    process_ = std::make_unique<fakes::Process>(std::vector<std::string>{program(), "serve", "-c", config()},
                                                std::move(environment));
    const std::string prefix = "troupe: listening on ";
    std::string line = process_->line();
    url_ = line.starts_with(prefix) ? line.substr(prefix.size()) : "";
  }

  /// kill -9, as a crash would.
  void kill() {
    process_->signal(SIGKILL);
    process_->wait();
  }
  fakes::Outcome stop() {
    process_->signal(SIGTERM);
    return process_->wait();
  }

  /// Runs a command of the program on this configuration.
  fakes::Outcome run(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), program());
    return fakes::run_program(std::move(arguments), {}, input);
  }

  std::string config() const { return (folder_.path() / "troupe.yaml").string(); }
  std::string store() const { return (folder_.path() / "store").string(); }
  const std::string& url() const { return url_; }
  fakes::Process& process() { return *process_; }

 private:
  fakes::TempDir folder_;
  std::unique_ptr<fakes::Process> process_;
  std::string url_;
};

}  // namespace troupe::e2e
