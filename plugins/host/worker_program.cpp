#include "plugins/host/worker_program.h"

#include "plugins/host/plugin_runtime.h"
#include "runtime/base/sanitized.h"
#include "runtime/sandbox/worker_channel.h"

#include <cstdio>
#include <dlfcn.h>
#include <mutex>
#include <thread>
#include <unistd.h>

namespace troupe::plugins {

namespace {

int complain(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  return 1;
}

/// Where a library with AddressSanitizer is held against the ABI (`troupe plugin check`): what it leaked is
/// told while everything is still there. Does nothing elsewhere.
void look_for_leaks() {
  using Look = int (*)();
  const auto look = reinterpret_cast<Look>(::dlsym(RTLD_DEFAULT, "__lsan_do_recoverable_leak_check"));
  if (look) look();
}

}  // namespace

int serve_plugin(const std::string& path) {
  auto channel = sandbox::WorkerChannel::take(sandbox::kWorkerChannel, kPluginFrameBytes);
  if (!channel) return complain(channel.error().message);
  std::mutex writing;
  const auto send = [&channel, &writing](const Message& message) {
    std::lock_guard lock(writing);
    // A daemon that is gone is noticed where its messages are read.
    if (auto written = channel->write(encode(message)); !written) complain(written.error().message);
  };
  auto library = PluginLibrary::open(path);
  if (!library) {
    send({.head = {{"is", "refused"}}, .text = library.error().message});
    return 0;
  }
  // Never destroyed, as nothing of a plugin's process is: its threads may still be at work.
  auto& runtime = *new PluginRuntime(*library, send);
  std::thread reader([&channel, &runtime] {
    for (;;) {
      auto frame = channel->read();
      if (!frame) complain(frame.error().message);
      if (!frame || !*frame) break;
      auto message = decode(**frame);
      const Result<> taken = message ? runtime.take(std::move(*message)) : fail(message.error());
      if (!taken) {
        complain(taken.error().message);
        break;
      }
    }
    runtime.close();
  });
  runtime.run();
  std::fflush(nullptr);
  look_for_leaks();
  // Without destructors: the reader still reads, and threads of the plugin may still run.
  ::_exit(0);
}

sandbox::Program worker_program(const std::string& library) {
  sandbox::Program program{"/proc/self/exe", {std::string(kWorkerArgument), library}, {}};
  if (kSanitized) program.environment.emplace_back("ASAN_OPTIONS=detect_leaks=0");
  return program;
}

}  // namespace troupe::plugins
