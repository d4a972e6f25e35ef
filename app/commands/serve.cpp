#include "agents/compaction/compactor.h"
#include "agents/sessions/retention.h"
#include "app/commands/command.h"
#include "app/knowledge_keeper.h"
#include "app/load.h"
#include "app/offer.h"
#include "app/version.h"
#include "app/wiring.h"
#include "gateway/gateway.h"
#include "gateway/listen.h"
#include "runtime/async/one_shot.h"
#include "runtime/telemetry/log.h"
#include "runtime/telemetry/service_notice.h"

#include <csignal>

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

namespace troupe::app {

namespace {

struct ServeOptions {
  std::string config;
  std::string listen;
};

/// SIGTERM and SIGINT end the daemon; a second one ends it without waiting for runs. SIGHUP reloads.
class Signals {
 public:
  Signals(Loop& loop, Engine& engine)
      : engine_(engine), set_(loop.context(), SIGTERM, SIGINT, SIGHUP), asked_to_stop_(loop), reloads_(loop) {
    wait();
  }
  ~Signals() { set_.cancel(); }
  Task<bool> asked_to_stop() { return asked_to_stop_.wait(); }
  /// Reloads that were begun have ended.
  Task<> close() {
    closed_ = true;
    co_await reloads_.join();
  }
  /// Called at the second signal to stop.
  std::function<void()> hurry;

 private:
  void wait() {
    set_.async_wait([this](boost::system::error_code error, int number) {
      if (error) return;
      if (number == SIGHUP) {
        if (!closed_) reloads_.spawn("reload", [this] { return reload(); });
      } else if (asked_to_stop_.is_set()) {
        if (hurry) hurry();
      } else {
        log::info("stopping", {{"signal", number == SIGTERM ? "SIGTERM" : "SIGINT"}});
        asked_to_stop_.set(true);
      }
      wait();
    });
  }
  Task<> reload() {
    auto done = co_await engine_.reload();
    if (done)
      log::info("configuration reloaded", {{"result", *done}});
    else
      log::error("configuration not reloaded; the one before stays", {{"error", done.error().message}});
  }

  Engine& engine_;
  boost::asio::signal_set set_;
  OneShot<bool> asked_to_stop_;
  Nursery reloads_;
  bool closed_ = false;
};

/// After a stop that was not clean, the file is read through before anything is built on it.
Task<Result<>> check_store(Engine& engine) {
  if (!engine.journal.unclean_start()) co_return Result<>{};
  log::info("the last stop was not clean; checking the store");
  co_return co_await engine.journal.quick_check();
}

Task<int> serve(Engine& engine, std::string listen, ServiceNotice::Address manager) {
  gateway::ServerSettings settings = engine.configuration.server;
  if (!listen.empty()) settings.listen = listen;
  agents::SessionArchive sessions(engine.loop, engine.journal, engine.workers,
                                  engine.configuration.store.path);
  gateway::Gateway gateway(engine.loop, engine.desk, settings,
                           {.reload = engine.reload,
                            .offer = [&engine] { return offer_of(engine); },
                            .sessions = &sessions,
                            .knowledge = &engine.library.store()},
                           kVersion);
  KnowledgeKeeper keeper(engine.loop, engine.library);
  agents::Retention retention(engine.loop, engine.desk, engine.workers, engine.configuration.store.path);
  agents::Compactor compactor(engine.loop, engine.journal, engine.workers, engine.configuration.store.path);
  engine.reloaded = [&](const Configuration& fresh) {
    keeper.begin(engine.knowledge, *engine.fetches);
    retention.begin(fresh.store.forget_after);
    compactor.begin(fresh.store.compact_after);
    if (auto renewed = gateway.reconfigure(fresh.server); !renewed)
      log::error("the listener keeps its settings", {{"error", renewed.error().message}});
  };
  engine.reread = [&] { keeper.begin(engine.knowledge, *engine.fetches); };
  Signals signals(engine.loop, engine);  // before anybody is told that we are there
  signals.hurry = [&engine] { engine.desk.hurry(); };
  auto address = gateway.start();
  if (!address) {
    complain(address.error().message);
    co_return kFailed;
  }
  if (auto told = engine.lock.announce(*address); !told)
    log::warn("the lock file cannot be written", {{"error", told.error().message}});
  fmt::print("troupe: listening on {}\n", *address);
  std::fflush(stdout);

  ServiceNotice notice(engine.loop, std::move(manager));
  notice.ready(fmt::format("listening on {}; runs of the last stop are taken up", *address));
  int code = kDone;
  if (auto healthy = co_await check_store(engine); !healthy) {
    complain(healthy.error().message);
    code = kStore;
  } else if (auto resumed = co_await engine.desk.resume(engine.earlier); !resumed) {
    complain(resumed.error().message);
    code = kStore;
  } else {
    keeper.begin(engine.knowledge, *engine.fetches);
    notice.status(fmt::format("serving on {}", *address));
    retention.begin(engine.configuration.store.forget_after);
    compactor.begin(engine.configuration.store.compact_after);
    co_await signals.asked_to_stop();
  }
  notice.stopping();
  co_await engine.desk.drain(limits::kDrain);  // clients still hear how their runs end
  engine.desk.hurry();                         // nor does anything else wait for a full disk
  co_await retention.close();
  co_await compactor.close();
  engine.reloaded = nullptr;
  engine.reread = nullptr;
  engine.leaving.request(StopReason::shutdown);
  co_await gateway.stop(limits::kDrain);
  co_await signals.close();
  co_await keeper.close();
  co_return code;
}

}  // namespace

void add_serve(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command = app.add_subcommand("serve", "Run the daemon");
  command->add_option(
      "-c,--config", options->config,
      "Configuration file (default: ./troupe.yaml, then $XDG_CONFIG_HOME/troupe/troupe.yaml, then "
      "/etc/troupe/troupe.yaml, else a demo team on the built-in model)");
  command->add_option(
      "--listen", options->listen,
      "Where to listen, ADDRESS:PORT: an IP address, localhost, or * for all; port 0 picks a free one");
  command->footer(
      "Prints one line on stdout when ready: troupe: listening on http://HOST:PORT\n"
      "SIGHUP reloads the configuration, SIGTERM drains and stops, a second SIGTERM stops at once.");
  command->callback([options, &exit_code] {
    auto loaded = load_for_command(options->config);
    if (!loaded) {
      exit_code = kUsage;
      return;
    }
    if (!options->listen.empty()) loaded->configuration.server.listen = options->listen;
    if (auto safe = gateway::check_listen(loaded->configuration.server); !safe) {
      complain(safe.error().message);
      exit_code = kUsage;
      return;
    }
    std::signal(SIGPIPE, SIG_IGN);  // it goes on whoever reads its output
    exit_code = run_engine(
        std::move(loaded->configuration), loaded->source,
        [listen = options->listen, manager = ServiceNotice::from_environment()](Engine& engine) {
          return serve(engine, listen, manager);
        },
        Readers::expected);
  });
}

}  // namespace troupe::app
