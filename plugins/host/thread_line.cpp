#include "plugins/host/thread_line.h"

#include "plugins/host/plugin_runtime.h"
#include "runtime/async/one_shot.h"
#include "runtime/net/loop_port.h"

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace troupe::plugins {

namespace {

/// What the plugin's threads hold on to. Never destroyed: a thread that a plugin left running may still
/// finish a call, or finish one twice.
struct Inside {
  std::shared_ptr<const PluginLibrary> library;
  std::shared_ptr<std::atomic<bool>> running;  ///< a thread is in the library
  std::shared_ptr<net::LoopPort> port;
  std::unique_ptr<PluginRuntime> runtime;
};

void keep(std::shared_ptr<Inside> inside) {
  static std::mutex mutex;
  static auto& kept = *new std::vector<std::shared_ptr<Inside>>;
  std::lock_guard lock(mutex);
  kept.push_back(std::move(inside));
}

class ThreadLine final : public PluginLine {
 public:
  ThreadLine(Loop& loop, std::shared_ptr<const PluginLibrary> library,
             std::shared_ptr<std::atomic<bool>> running, Handlers handlers)
      : loop_(loop),
        handlers_(std::move(handlers)),
        port_(std::make_shared<net::LoopPort>(loop)),
        gone_(loop) {
    inside_ = std::make_shared<Inside>();
    inside_->library = std::move(library);
    inside_->running = std::move(running);
    inside_->port = port_;
    inside_->runtime =
        std::make_unique<PluginRuntime>(*inside_->library, [port = port_, this](Message message) {
          port->post([this, message = std::move(message)]() mutable { take(std::move(message)); });
        });
    keep(inside_);
    // Detached: nobody may wait for a plugin that does not end.
    std::thread([inside = inside_, this] {
      inside->runtime->run();
      *inside->running = false;
      inside->port->post([this] { gone_.set(true); });
    }).detach();
  }
  ~ThreadLine() override { port_->close(); }

  bool send(const Message& message) override {
    if (over_) return true;
    // The plugin's `cancel` runs here, on the loop: the one place where trusted code must not take long.
    if (auto taken = inside_->runtime->take(message); !taken) kill(std::move(taken.error()));
    return true;
  }

  void kill(Error why) override {
    if (std::exchange(over_, true)) return;
    inside_->runtime->close();
    port_->post([this, why = std::move(why)]() mutable {
      if (!std::exchange(told_, true)) handlers_.ended(std::move(why));
    });
  }

  Task<> end(Milliseconds grace) override {
    const Error ended{ErrorCode::unavailable, "the plugin was ended"};
    if (!over_) send({.head = {{"do", "stop"}}});
    Loop::Alarm alarm = loop_.at(loop_.clock().now() + grace, [this] { gone_.set(false); });
    // One that was killed may be at work for ever.
    if (!over_) co_await gone_.wait();
    kill(ended);
    if (!std::exchange(told_, true)) handlers_.ended(ended);
  }

 private:
  void take(Message message) {
    if (!over_) handlers_.message(std::move(message));
  }

  Loop& loop_;
  const Handlers handlers_;
  const std::shared_ptr<net::LoopPort> port_;
  std::shared_ptr<Inside> inside_;
  OneShot<bool> gone_;
  bool over_ = false;
  bool told_ = false;
};

}  // namespace

LineMaker thread_lines(Loop& loop, std::shared_ptr<const PluginLibrary> library) {
  return [&loop, library = std::move(library), running = std::make_shared<std::atomic<bool>>(false)](
             PluginLine::Handlers handlers) -> Result<std::unique_ptr<PluginLine>> {
    if (running->exchange(true))
      return fail(ErrorCode::unavailable,
                  "a call of it that was told to end has not: it is not used again before "
                  "the daemon is started again");
    return std::make_unique<ThreadLine>(loop, library, running, std::move(handlers));
  };
}

}  // namespace troupe::plugins
