#include "runtime/sandbox/cage.h"

#include "runtime/sandbox/bubblewrap.h"
#include "runtime/sandbox/landlock.h"
#include "runtime/sandbox/syscall_filter.h"
#include "runtime/sandbox/task_count.h"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <span>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace troupe::sandbox {
namespace {

constexpr rlim_t kNoCoreNotEvenPiped = 1;   // 0 still starts the program named in core_pattern
constexpr std::uint32_t kWrapperTasks = 2;  // bubblewrap and its process 1
constexpr int kSignalBase = 128;

Result<void> check_path(const std::string& path, const char* what) {
  std::error_code failed;
  if (!path.starts_with('/'))
    return fail(ErrorCode::invalid, std::string(what) + " of a sandbox must be absolute: \"" + path + "\"");
  if (!std::filesystem::exists(path, failed))
    return fail(ErrorCode::invalid, std::string(what) + " of a sandbox does not exist: " + path);
  return {};
}

Result<void> check(const Confinement& confinement, const Program& program) {
  if (auto good = check_path(program.path, "the program"); !good) return good;
  for (const auto& path : confinement.readable)
    if (auto good = check_path(path, "a readable path"); !good) return good;
  for (const auto& path : confinement.writable)
    if (auto good = check_path(path, "a writable path"); !good) return good;
  return {};
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (const auto& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

Result<Descriptor> filter_file(std::span<const sock_filter> code) {
  auto file = make_memory_file();
  if (!file) return file;
  const auto bytes = code.size_bytes();
  if (::write(file->get(), code.data(), bytes) != static_cast<ssize_t>(bytes))
    return system_failure("handing over a system call filter");
  if (auto sealed = seal(*file); !sealed) return fail(std::move(sealed.error()));
  return file;
}

std::string not_begun(const Descriptor& report) {
  ChildFailure failure{};
  if (::read(report.get(), &failure, sizeof failure) != sizeof failure) return "";
  return std::string(failure.step) + ": " + std::error_code(failure.code, std::generic_category()).message();
}

}  // namespace

Result<Cage> Cage::make(const Support& support, const Confinement& confinement, Program program,
                        std::string name) {
  if (auto good = check(confinement, program); !good) return fail(std::move(good.error()));
  if (program.path.starts_with("/proc/")) {
    // Another process's /proc/self is another one's program.
    std::error_code failed;
    const auto resolved = std::filesystem::read_symlink(program.path, failed);
    if (failed || !std::filesystem::exists(resolved, failed))
      return fail(ErrorCode::unavailable, "the program " + program.path +
                                              " is no longer where it was started from; restart the daemon");
    program.path = resolved;
  }

  Cage cage;
  cage.name_ = name.empty() ? std::filesystem::path(program.path).filename().string() : std::move(name);
  cage.tasks_ = confinement.processes + confinement.threads;
  cage.limit(confinement);
  if (auto ready = cage.forbid(support, confinement, program); !ready) return fail(std::move(ready.error()));
  cage.environment_ = std::move(program.environment);
  return cage;
}

Result<void> Cage::forbid(const Support& support, const Confinement& confinement, const Program& program) {
  wrapped_ = !support.bubblewrap.empty();
  if (support.seccomp) {
    auto filter = build_syscall_filter({.network = confinement.network,
                                        .processes = confinement.processes > 0,
                                        .threads = confinement.threads > 0,
                                        .change_files = !confinement.writable.empty(),
                                        .signals = wrapped_ || support.landlock >= kLandlockScopesSignals});
    if (!filter) return fail(std::move(filter.error()));
    filter_ = std::move(*filter);
  }
  if (wrapped_) {
    // Landlock would forbid the mounts that bubblewrap makes; its file system holds nothing else to guard.
    command_ = bubblewrap_command(support.bubblewrap, confinement, program, support.seccomp);
    path_ = support.bubblewrap;
    tasks_ += tasks_ > 0 ? kWrapperTasks : 0;
    return {};
  }
  command_.push_back(program.path);
  command_.insert(command_.end(), program.arguments.begin(), program.arguments.end());
  path_ = program.path;
  if (support.landlock > 0) {
    auto ruleset = make_landlock_ruleset(support.landlock, confinement, program.path);
    if (!ruleset) return fail(std::move(ruleset.error()));
    ruleset_ = std::move(*ruleset);
  }
  return {};
}

void Cage::limit(const Confinement& confinement) {
  const auto both = [this](int what, rlim_t value) { limits_.push_back({what, {value, value}}); };
  both(RLIMIT_CORE, kNoCoreNotEvenPiped);
  both(RLIMIT_FSIZE, confinement.file_bytes);
  both(RLIMIT_NOFILE, confinement.open_files);
  both(RLIMIT_MEMLOCK, 0);
  both(RLIMIT_MSGQUEUE, 0);
  if (confinement.address_space > 0) both(RLIMIT_AS, confinement.address_space);
  // A second between the signal that says why and the one that cannot be caught.
  if (confinement.cpu_seconds > 0)
    limits_.push_back({RLIMIT_CPU, {confinement.cpu_seconds, rlim_t{confinement.cpu_seconds} + 1}});
}

Result<Started> Cage::start(const Streams& streams) const {
  const bool root = ::geteuid() == 0;
  auto limits = limits_;
  if (tasks_ > 0) {
    const rlim_t most = count_tasks(root ? kNobody : ::getuid()) + tasks_ + kProcessSlack;
    limits.push_back({RLIMIT_NPROC, {most, most}});
  }
  auto report = make_pipe();
  if (!report) return fail(std::move(report.error()));
  ::fcntl(report->first.get(), F_SETFL, O_NONBLOCK);
  Descriptor filter;
  if (wrapped_ && !filter_.empty()) {
    auto file = filter_file(filter_);
    if (!file) return fail(std::move(file.error()));
    filter = std::move(*file);
  }
  auto nothing = open_null();
  if (!nothing) return fail(std::move(nothing.error()));

  const auto arguments = pointers(command_);
  const auto environment = pointers(environment_);
  const auto or_nothing = [&nothing](int stream) { return stream >= 0 ? stream : nothing->get(); };
  const ChildStage stage{
      .parent = ::getpid(),
      .drop_root = root,
      .streams = {or_nothing(streams.input), or_nothing(streams.output), or_nothing(streams.error)},
      .passed = filter.get(),
      .memory = streams.memory,
      .ruleset = ruleset_.get(),
      .filter = {wrapped_ ? static_cast<unsigned short>(0) : static_cast<unsigned short>(filter_.size()),
                 const_cast<sock_filter*>(filter_.data())},
      .limits = limits,
      .path = path_.c_str(),
      .arguments = arguments.data(),
      .environment = environment.data(),
      .report = report->second.get()};

  const pid_t pid = spawn_child_stage(stage);
  if (pid < 0) return system_failure("starting a process for " + name_);
  Started started{.pid = pid,
                  .process = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
                  .report = std::move(report->first),
                  .wrapped = wrapped_};
  if (!started.process.open()) {
    auto failure = system_failure("watching the process of " + name_ + " (Linux 5.3 is needed)");
    reap(started);
    return failure;
  }
  return started;
}

void kill_group(const Started& started) {
  ::kill(-started.pid, SIGKILL);
  ::kill(started.pid, SIGKILL);  // it may not have its group yet
}

void terminate_group(const Started& started) {
  ::kill(-started.pid, SIGTERM);
}

bool has_ended(const Started& started) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(started.pid), &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
         info.si_pid == started.pid;
}

Ending reap(const Started& started) {
  if (!has_ended(started)) kill_group(started);
  siginfo_t info{};
  const auto id = static_cast<id_t>(started.pid);
  // While it is a zombie nobody else can get its number, so the group that is killed is its own.
  while (::waitid(P_PID, id, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  ::kill(-started.pid, SIGKILL);
  while (::waitid(P_PID, id, &info, WEXITED) < 0 && errno == EINTR) {
  }

  Ending ending{.not_begun = not_begun(started.report)};
  if (info.si_code == CLD_EXITED) {
    ending.exit_code = info.si_status;
  } else {
    ending.signal = info.si_status;
  }
  if (started.wrapped && ending.exit_code > kSignalBase && ending.exit_code <= kSignalBase + SIGRTMAX)
    ending.signal = std::exchange(ending.exit_code, 0) - kSignalBase;
  return ending;
}

}  // namespace troupe::sandbox
