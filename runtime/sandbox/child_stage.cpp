#include "runtime/sandbox/child_stage.h"

#include "runtime/sandbox/bubblewrap.h"
#include "runtime/sandbox/cage.h"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/seccomp.h>
#include <memory>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Runs in the daemon's memory on a stack that sanitizers know nothing of.
#define TROUPE_BARE __attribute__((no_sanitize("address", "thread", "undefined")))

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
// ThreadSanitizer takes every clone() for a fork, after which it sets its locks anew: here they are the
// parent's. This is the C library's own name of it.
extern "C" int __clone(int (*run)(void*), void* stack, int flags, void* argument, ...);
#define clone __clone
#endif
#endif

namespace troupe::sandbox {
namespace {

constexpr int kLastSignal = 64;
constexpr int kNotStarted = 127;  // as a shell says it

struct alignas(64) StackPage {
  std::byte bytes[4096];
};
constexpr std::size_t kStackPages = 16;

class Steps {
 public:
  TROUPE_BARE explicit Steps(int report) : report_(report) {}

  TROUPE_BARE void must(const char* step, long result) const {
    if (result >= 0) return;
    const ChildFailure failure{step, errno};
    // Nobody is left to tell when this fails; the exit code still says it.
    [[maybe_unused]] const auto written = ::write(report_, &failure, sizeof failure);
    ::_exit(kNotStarted);
  }

 private:
  int report_;
};

TROUPE_BARE void reset_signals() {
  // What was ignored stays ignored over exec, and a program that ignores SIGPIPE never ends. Zero is the
  // standard action in the kernel's own struct; sanitizers would note the C library's call in memory that is
  // the daemon's.
  constexpr unsigned char kStandard[64] = {};
  constexpr std::uint64_t kNoSignal = 0;
  for (int number = 1; number <= kLastSignal; ++number)
    ::syscall(SYS_rt_sigaction, number, kStandard, nullptr, sizeof kNoSignal);
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &kNoSignal, nullptr, sizeof kNoSignal);
}

TROUPE_BARE void arrange_descriptors(const ChildStage& stage, const Steps& steps) {
  for (int number = 0; number < 3; ++number)
    steps.must("arranging its streams", ::dup2(stage.streams[static_cast<std::size_t>(number)], number));
  int first = 3;
  if (stage.passed >= 0) {
    steps.must("arranging its descriptors", ::dup2(stage.passed, kFilterDescriptor));
    first = kFilterDescriptor + 1;
  }
  // Marked rather than closed: the rules and the report are still needed.
  constexpr const char* kClosing = "closing what it must not inherit (Linux 5.11 is needed)";
  if (stage.memory >= 0) {
    steps.must("arranging its memory", ::dup2(stage.memory, kMemoryDescriptor));
    if (first < kMemoryDescriptor)
      steps.must(kClosing, ::syscall(SYS_close_range, first, kMemoryDescriptor - 1, CLOSE_RANGE_CLOEXEC));
    first = kMemoryDescriptor + 1;
  }
  steps.must(kClosing, ::syscall(SYS_close_range, first, ~0u, CLOSE_RANGE_CLOEXEC));
}

TROUPE_BARE void drop_root(const Steps& steps) {
  // Raw calls: the C library's would try to change threads that this process no longer has.
  steps.must("leaving root's groups", ::syscall(SYS_setgroups, 0, nullptr));
  steps.must("leaving root's group", ::syscall(SYS_setresgid, kNobody, kNobody, kNobody));
  steps.must("becoming nobody", ::syscall(SYS_setresuid, kNobody, kNobody, kNobody));
}

TROUPE_BARE void drop_capabilities(const Steps& steps) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  steps.must("dropping capabilities", ::syscall(SYS_capset, &header, none));
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);  // Linux before 4.3 has none
}

/// Only calls that neither lock nor allocate; never returns.
TROUPE_BARE int run_child_stage(void* of_parent) {
  const auto& stage = *static_cast<const ChildStage*>(of_parent);
  const Steps steps(stage.report);
  reset_signals();
  steps.must("making a process group", ::setsid());
  arrange_descriptors(stage, steps);
  steps.must("changing to its folder", ::chdir(stage.directory));
  if (stage.confined) ::umask(077);
  if (stage.drop_root) drop_root(steps);
  if (stage.confined) drop_capabilities(steps);
  for (const auto& limit : stage.limits)
    steps.must("setting its limits", ::syscall(SYS_prlimit64, 0, limit.what, &limit.value, nullptr));
  if (stage.confined) steps.must("giving up new privileges", ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  steps.must("tying it to the daemon", ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
  if (::getppid() != stage.parent) ::_exit(kNotStarted);  // the daemon ended before the line above
  if (stage.ruleset >= 0)
    steps.must("applying its Landlock rules", ::syscall(SYS_landlock_restrict_self, stage.ruleset, 0));
  if (stage.filter.len > 0)
    steps.must("applying its system call filter",
               ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &stage.filter));
  ::execve(stage.path, stage.arguments, stage.environment);
  steps.must("executing it", -1);
  ::_exit(kNotStarted);
}

}  // namespace

pid_t spawn_child_stage(const ChildStage& stage) {
  // A fork would copy the page tables: 30 ms and more with a gigabyte of vectors in memory.
  const auto stack = std::make_unique_for_overwrite<StackPage[]>(kStackPages);
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // no handler of ours may run in the child
  const int dumpable = ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
  const pid_t pid = ::clone(&run_child_stage, &stack[kStackPages], CLONE_VM | CLONE_VFORK | SIGCHLD,
                            const_cast<ChildStage*>(&stage));
  const int failure = errno;
  // Becoming nobody makes the memory undumpable, so that no other nobody can get at it through the child.
  // From exec on it is the daemon's alone.
  if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != dumpable) ::prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = failure;
  return pid;
}

}  // namespace troupe::sandbox
