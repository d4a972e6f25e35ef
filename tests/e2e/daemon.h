#pragma once

#include "tests/fakes/process.h"
#include "tests/fakes/raw_socket.h"
#include "tests/fakes/run_loop.h"
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

  bool at_once = false;  ///< start() does not wait until runs are admitted: the daemon may end before that

  std::vector<std::string> starter;  ///< a command that ends by running the one behind it

  void start(std::vector<std::string> environment = {}) {
    std::vector<std::string> command = starter;
    command.insert(command.end(), {program(), "serve", "-c", config()});
    process_ = std::make_unique<fakes::Process>(std::move(command), std::move(environment));
    const std::string prefix = "troupe: listening on ";
    std::string line = process_->line();
    url_ = line.starts_with(prefix) ? line.substr(prefix.size()) : "";
    if (url_.starts_with("http://") && !at_once) admits();
  }

  /// Waits until runs are admitted, so that none is queued before; not for long where that does not come.
  void admits() const {
    SystemClock clock;
    Loop loop(clock);
    Stop never;
    const auto port = static_cast<std::uint16_t>(std::stoi(url_.substr(url_.rfind(':') + 1)));
    fakes::run(loop, [](Loop& on, std::uint16_t at, Stop& stop) -> Task<> {
      const Instant until = on.clock().now() + std::chrono::seconds(5);
      while (on.clock().now() < until) {
        fakes::RawSocket socket(on);
        co_await socket.connect(at);
        co_await socket.write("GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        if ((co_await socket.read_all()).contains(" 200 ")) co_return;
        co_await on.sleep_for(std::chrono::milliseconds(2), stop);
      }
    }(loop, port, never));
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
