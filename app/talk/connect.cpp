#include "app/talk/connect.h"

#include "agents/limits.h"
#include "app/commands/command.h"
#include "app/load.h"
#include "app/wiring.h"
#include "runtime/async/run_task.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

int with_remote(const RemoteSettings& settings, const std::function<Task<int>(Loop&, PeerMaker)>& body) {
  SystemClock clock;
  Loop loop(clock);
  return run_task(loop, body(loop, [&loop, settings] { return make_remote_peer(loop, settings); }));
}

}  // namespace

void add_daemon_options(CLI::App& command, TalkOptions& options) {
  command.add_option("-c,--config", options.config,
                     "Configuration file (default: as `troupe serve` looks for it)");
  command
      .add_option("--url", options.url,
                  "Talk to the daemon at this address instead, e.g. http://127.0.0.1:7420")
      ->excludes("--config");
  command.add_option("--token", options.token, "Bearer token for the daemon (or environment TROUPE_TOKEN)")
      ->envname("TROUPE_TOKEN");
  command.add_option("--ca", options.ca_file, "Certificates to trust for an https address, PEM");
}

void add_peer_options(CLI::App& command, TalkOptions& options) {
  add_daemon_options(command, options);
  command.add_option("--target", options.target, "Agent to talk to (default: the configuration's `default`)");
}

void add_talk_options(CLI::App& command, TalkOptions& options) {
  add_peer_options(command, options);
  command.add_option("--session", options.session, "Go on with this conversation");
  command.add_option("--input", options.inputs, "Value for a {key} placeholder, key=value; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

Result<Json> parse_inputs(const std::vector<std::string>& inputs) {
  Json values = Json::object();
  for (const std::string& input : inputs) {
    auto equals = input.find('=');
    if (equals == 0 || equals == input.npos)
      return fail(ErrorCode::invalid, fmt::format("--input {}: write it as key=value", input));
    values[input.substr(0, equals)] = input.substr(equals + 1);
  }
  return values;
}

int with_peers(const TalkOptions& options, std::function<Task<int>(Loop&, PeerMaker)> body) {
  if (!options.url.empty()) return with_remote({options.url, options.token, options.ca_file}, body);
  auto loaded = load_for_command(options.config);
  if (!loaded) return kUsage;
  if (auto holder = store::StoreLock::holder(loaded->configuration.store.path); holder && !holder->empty())
    return with_remote({*holder, options.token, options.ca_file}, body);
  return run_engine(std::move(loaded->configuration), loaded->source, [&body](Engine& engine) -> Task<int> {
    auto resumed = co_await engine.desk.resume(engine.earlier);
    if (!resumed) {
      complain(resumed.error().message);
      co_return kStore;
    }
    const int code = co_await body(
        engine.loop, [&engine] { return make_local_peer(engine.loop, engine.desk, Principal{}); });
    co_await engine.desk.settle(limits::kSettleTime);  // nobody else does, once this process has ended
    co_return code;
  });
}

int with_peer(const TalkOptions& options, std::function<Task<int>(Loop&, Peer&)> body) {
  return with_peers(options, [&body](Loop& loop, PeerMaker make) -> Task<int> {
    auto peer = make();
    co_return co_await body(loop, *peer);
  });
}

}  // namespace troupe::app
