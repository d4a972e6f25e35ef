#pragma once

#include "plugins/host/instance_pool.h"
#include "plugins/host/plugin_confinement.h"
#include "plugins/host/process_line.h"
#include "plugins/host/thread_line.h"
#include "runtime/async/run_task.h"
#include "runtime/sandbox/support.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"
#include "tests/plugins/test_worker.h"

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace troupe::plugins {

using namespace std::chrono_literals;

/// What a call told while it ran.
class ToldEvents final : public EventSink {
 public:
  void publish(Event event) override { events.push_back(std::move(event)); }
  std::vector<Event> events;
};

/// What confines a worker of the tests that runs the library of `settings`.
inline std::shared_ptr<const sandbox::Cage> worker_cage(const PluginSettings& settings) {
  static const sandbox::Support machine = sandbox::probe();
  const std::string library = readable_copy(settings.path);
  auto cage = sandbox::Cage::make(machine, confinement_of(settings, library), test_worker(library),
                                  settings.name.empty() ? "" : "plugin " + settings.name);
  if (!cage) throw std::runtime_error(cage.error().message);
  return std::make_shared<const sandbox::Cage>(std::move(*cage));
}

/// A plugin of the tests in worker processes of its own (or in this process), on a loop of its own.
class Staged {
 public:
  explicit Staged(PluginSettings settings, PoolSettings pool = {}, GrantedHttp* http = nullptr)
      : library_(readable_copy(settings.path)) {
    settings.name = settings.name.empty() ? "hostile" : settings.name;
    InstanceSettings instance{.name = settings.name,
                              .config = dump(settings.config),
                              .http = http,
                              .start_time = settings.start_time};
    pool_ = std::make_unique<InstancePool>(loop, lines(settings), std::move(instance), pool);
    Stop stop;
    auto described = fakes::run(loop, pool_->describe(stop));
    if (described)
      description = std::move(*described);
    else
      why_not = std::move(described.error());
  }
  ~Staged() { fakes::run(loop, pool_->close()); }

  std::size_t service(const std::string& name) const {
    for (std::size_t i = 0; i < description.services.size(); ++i)
      if (description.services[i].name == name) return i;
    throw std::runtime_error("no service " + name);
  }

  /// A call by a coroutine, for several at once.
  Task<Result<PluginAnswer>> begin(std::string name, std::string input, Stop& stop, Milliseconds time,
                                   std::string key = "k") {
    CallContext context{loop, stop, Deadline::after(clock, time), told, Principal{}, "s_1", "r_1", "a", 1};
    co_return co_await pool_->call({service(name), std::move(input), "", std::move(key)}, context);
  }
  Result<PluginAnswer> call(std::string name, std::string input = "{}", Milliseconds time = 30s) {
    Stop stop;
    return fakes::run(loop, begin(std::move(name), std::move(input), stop, time));
  }
  /// The text of a call that must succeed.
  std::string text(std::string name, std::string input = "{}") {
    auto answer = call(std::move(name), std::move(input));
    return answer ? answer->text : "FAILED: " + answer.error().message;
  }
  InstancePool& pool() { return *pool_; }

  SystemClock clock;
  Loop loop{clock};
  ToldEvents told;
  PluginDescription description;
  std::optional<Error> why_not;

 private:
  LineMaker lines(const PluginSettings& settings) {
    if (settings.isolation == "none") {
      auto library = PluginLibrary::open(library_);
      if (!library) throw std::runtime_error(library.error().message);
      return thread_lines(loop, std::make_shared<const PluginLibrary>(std::move(*library)));
    }
    PluginSettings here = settings;
    here.path = library_;
    return process_lines(loop, worker_cage(here));
  }

  const std::string library_;
  std::unique_ptr<InstancePool> pool_;
};

}  // namespace troupe::plugins
