#include "runtime/sandbox/syscall_filter.h"

#include "runtime/sandbox/descriptor.h"
#include "runtime/sandbox/syscall_lists.h"

#include <asm/ioctls.h>
#include <cerrno>
#include <fcntl.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <memory>
#include <sched.h>
#include <seccomp.h>
#include <span>
#include <string>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace troupe::sandbox {
namespace {

constexpr std::uint32_t kRefused = SCMP_ACT_ERRNO(EPERM);
constexpr std::uint64_t kNamespaces =
    CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
constexpr int kNameMemory = 0x53564d41;  // PR_SET_VMA, which allocators use to name their mappings

/// Collects rules; the first failure is kept and the rest skipped.
class Rules {
 public:
  Rules() : context_(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), &seccomp_release) {
    if (!context_) failure_ = -ENOMEM;
    attribute(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    attribute(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a binary tree: every call passes some eight comparisons
  }

  void add(std::uint32_t action, std::span<const char* const> names) {
    for (const char* name : names) add(action, name);
  }
  void add(std::uint32_t action, const char* name, std::initializer_list<scmp_arg_cmp> arguments = {}) {
    const int number = seccomp_syscall_resolve_name(name);
    if (failure_ != 0 || number < 0) return;
    failure_ = seccomp_rule_add_array(context_.get(), action, number, static_cast<unsigned>(arguments.size()),
                                      arguments.begin());
    if (failure_ != 0) at_ = name;
  }
  void allow_only(const char* name, unsigned argument, std::initializer_list<std::uint64_t> values) {
    for (const std::uint64_t value : values) add(SCMP_ACT_ALLOW, name, {{argument, SCMP_CMP_EQ, value, 0}});
  }

  Result<std::vector<sock_filter>> program() {
    auto file = make_memory_file();
    if (!file) return fail(std::move(file.error()));
    if (failure_ == 0) failure_ = seccomp_export_bpf(context_.get(), file->get());
    if (failure_ != 0)
      return fail(ErrorCode::internal, "building a system call filter failed" +
                                           (at_.empty() ? "" : " at " + at_) + ": " +
                                           std::generic_category().message(-failure_));
    const auto size = ::lseek(file->get(), 0, SEEK_END);
    if (size <= 0) return system_failure("reading the system call filter");
    std::vector<sock_filter> code(static_cast<std::size_t>(size) / sizeof(sock_filter));
    if (::pread(file->get(), code.data(), static_cast<std::size_t>(size), 0) != size)
      return system_failure("reading the system call filter");
    return code;
  }

 private:
  void attribute(scmp_filter_attr name, std::uint32_t value) {
    if (failure_ == 0) failure_ = seccomp_attr_set(context_.get(), name, value);
  }

  std::unique_ptr<void, decltype(&seccomp_release)> context_;
  int failure_ = 0;
  std::string at_;
};

void allow_common(Rules& rules) {
  using namespace syscalls;
  rules.add(SCMP_ACT_ALLOW, kReading);
  rules.add(SCMP_ACT_ALLOW, kWriting);
  rules.add(SCMP_ACT_ALLOW, kMemory);
  rules.add(SCMP_ACT_ALLOW, kTime);
  rules.add(SCMP_ACT_ALLOW, kWaiting);
  rules.add(SCMP_ACT_ALLOW, kSelf);
  rules.add(SCMP_ACT_ALLOW, kExecuting);
  rules.add(SCMP_ACT_ALLOW, kOpenSockets);
  rules.add(kRefused, kRefusedAloud);
  // Not TIOCSTI and TIOCLINUX, which type into a terminal, and nothing of a device.
  rules.allow_only("ioctl", 1, {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX});
  // Not F_SETOWN and F_SETSIG, by which the kernel sends any signal to any process of the same user.
  for (const char* name : {"fcntl", "fcntl64"})
    rules.allow_only(name, 1,
                     {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK,
                      F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_GETPIPE_SZ, F_GET_SEALS});
  // Not PR_SET_PDEATHSIG, PR_SET_SECCOMP and the like.
  rules.allow_only("prctl", 0,
                   {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS,
                    PR_GET_SECCOMP, static_cast<std::uint64_t>(kNameMemory)});
  // The own limits, which can only go down; those of others of the same user could be lowered as well.
  rules.allow_only("prlimit64", 0, {0});
}

void allow_tasks(Rules& rules, const SyscallNeeds& needs) {
  using namespace syscalls;
  // clone3 hides its flags behind a pointer, so it stays unknown (ENOSYS) and C libraries fall back to clone.
  if (needs.threads)
    rules.add(SCMP_ACT_ALLOW, "clone",
              {{0, SCMP_CMP_MASKED_EQ, kNamespaces | CLONE_THREAD, std::uint64_t{CLONE_THREAD}}});
  if (needs.processes)
    rules.add(SCMP_ACT_ALLOW, "clone", {{0, SCMP_CMP_MASKED_EQ, kNamespaces | CLONE_THREAD, 0}});
  if (!needs.threads && !needs.processes) rules.add(kRefused, "clone");
  rules.add(needs.processes ? SCMP_ACT_ALLOW : kRefused, kForking);
}

void allow_network(Rules& rules) {
  // Not AF_UNIX: paths of sockets are not files to Landlock, so a daemon's control socket would be open.
  rules.allow_only("socket", 0, {AF_INET, AF_INET6});
  rules.add(SCMP_ACT_ALLOW, syscalls::kNetwork);
}

void refuse_network(Rules& rules) {
  rules.add(kRefused, "socket");
  rules.add(kRefused, "connect");
}

}  // namespace

Result<std::vector<sock_filter>> build_syscall_filter(const SyscallNeeds& needs) {
  Rules rules;
  allow_common(rules);
  allow_tasks(rules, needs);
  needs.network ? allow_network(rules) : refuse_network(rules);
  rules.add(needs.change_files ? SCMP_ACT_ALLOW : kRefused, syscalls::kChangingFiles);
  rules.add(needs.signals ? SCMP_ACT_ALLOW : kRefused, syscalls::kSignals);
  return rules.program();
}

bool syscall_filters_work() {
  const std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

}  // namespace troupe::sandbox
