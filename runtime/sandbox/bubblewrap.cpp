#include "runtime/sandbox/bubblewrap.h"

#include "runtime/sandbox/cage.h"
#include "runtime/sandbox/ending.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

namespace troupe::sandbox {
namespace {

constexpr const char* kTrialProgram = "/bin/true";

void mount(std::vector<std::string>& command, const std::string& path, bool write) {
  if (path == "/proc" || path.starts_with("/proc/")) {
    command.insert(command.end(), {"--proc", "/proc"});  // of its own processes, whatever was asked for
    return;
  }
  const bool device = path.starts_with("/dev/");
  command.insert(command.end(), {device ? "--dev-bind" : write ? "--bind" : "--ro-bind", path, path});
}

bool covered(const std::string& path, const std::vector<std::string>& folders) {
  for (const auto& folder : folders)
    if (path == folder || path.starts_with(folder + "/")) return true;
  return false;
}

Result<void> try_out(const std::string& path, Support support) {
  support.bubblewrap = path;
  auto cage = Cage::make(support, Confinement{.readable = system_paths()}, Program{.path = kTrialProgram});
  if (!cage) return fail(std::move(cage.error()));
  auto errors = make_pipe();
  if (!errors) return fail(std::move(errors.error()));
  auto started = cage->start(Streams{.error = errors->second.get()});
  if (!started) return fail(std::move(started.error()));
  errors->second.reset();

  pollfd ended{.fd = started->process.get(), .events = POLLIN, .revents = 0};
  const auto until = std::chrono::steady_clock::now() + kProbeTime;
  int ready = 0;
  do {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    ready = ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
  } while (ready < 0 && errno == EINTR);  // a signal of the daemon's is no answer
  const bool in_time = ready == 1;
  const Ending ending = reap(*started);
  if (!in_time) return fail(ErrorCode::timeout, "a trial of " + path + " did not end in 5 s");
  if (ending.good()) return {};
  std::array<char, 512> said{};
  const auto size = ::read(errors->first.get(), said.data(), said.size());
  return fail(ErrorCode::unavailable,
              "a trial of " + path + " " + ending.text() + ": " +
                  readable_tail({said.data(), size > 0 ? static_cast<std::size_t>(size) : 0}));
}

}  // namespace

std::vector<std::string> bubblewrap_command(const std::string& bubblewrap, const Confinement& confinement,
                                            const Program& program, bool filtered) {
  std::vector<std::string> command{bubblewrap,         "--unshare-user", "--unshare-pid",
                                   "--unshare-ipc",    "--unshare-uts",  "--unshare-cgroup-try",
                                   "--die-with-parent"};
  if (!confinement.network) command.emplace_back("--unshare-net");
  for (const auto& path : confinement.readable) mount(command, path, false);
  for (const auto& path : confinement.writable) mount(command, path, true);
  if (!covered(program.path, confinement.readable)) mount(command, program.path, false);
  // Its root is a file system in memory, which could be filled.
  command.insert(command.end(), {"--remount-ro", "/", "--chdir", "/"});
  if (filtered) command.insert(command.end(), {"--seccomp", std::to_string(kFilterDescriptor)});
  command.insert(command.end(), {"--", program.path});
  command.insert(command.end(), program.arguments.begin(), program.arguments.end());
  return command;
}

Result<std::string> find_bubblewrap(const Support& support) {
  for (const char* path : {"/usr/bin/bwrap", "/usr/local/bin/bwrap"}) {
    std::error_code absent;
    if (!std::filesystem::exists(path, absent)) continue;
    if (auto works = try_out(path, support); !works) return fail(std::move(works.error()));
    return path;
  }
  return fail(ErrorCode::unavailable, "bubblewrap is not installed (package bubblewrap)");
}

}  // namespace troupe::sandbox
