#pragma once

#include <array>

/// System calls by what they are for. Names that an architecture does not have are passed over.
namespace troupe::sandbox::syscalls {

inline constexpr std::array kReading = {
    "read",       "readv",      "pread64",     "preadv",    "preadv2",         "open",      "openat",
    "openat2",    "close",      "close_range", "stat",      "fstat",           "lstat",     "newfstatat",
    "fstatat64",  "statx",      "access",      "faccessat", "faccessat2",      "lseek",     "_llseek",
    "getdents",   "getdents64", "readlink",    "getxattr",  "lgetxattr",       "fgetxattr", "listxattr",
    "llistxattr", "flistxattr", "readlinkat",  "getcwd",    "chdir",           "fchdir",    "dup",
    "dup2",       "dup3",       "flock",       "fadvise64", "readahead",       "statfs",    "fstatfs",
    "umask",      "sendfile",   "splice",      "tee",       "copy_file_range", "pipe",      "pipe2"};

/// To descriptors that are open: a program that may change no file has its pipes.
inline constexpr std::array kWriting = {"write",     "writev",    "pwrite64", "pwritev",  "pwritev2",
                                        "ftruncate", "fallocate", "fsync",    "fdatasync"};

inline constexpr std::array kChangingFiles = {"creat",  "truncate", "rename",  "renameat", "renameat2",
                                              "unlink", "unlinkat", "mkdir",   "mkdirat",  "rmdir",
                                              "link",   "linkat",   "symlink", "symlinkat"};

inline constexpr std::array kMemory = {"mmap",    "munmap", "mprotect", "mremap",    "brk",
                                       "madvise", "msync",  "mincore",  "membarrier"};

inline constexpr std::array kTime = {
    "clock_gettime",  "clock_getres",    "clock_nanosleep", "nanosleep",        "gettimeofday",
    "time",           "times",           "getitimer",       "setitimer",        "alarm",
    "timer_create",   "timer_settime",   "timer_gettime",   "timer_getoverrun", "timer_delete",
    "timerfd_create", "timerfd_settime", "timerfd_gettime"};

inline constexpr std::array kWaiting = {
    "poll",      "ppoll",      "select",      "pselect6",     "epoll_create", "epoll_create1",
    "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd",      "eventfd2",
    "signalfd4", "wait4",      "waitid",      "pause",        "futex",        "sched_yield"};

inline constexpr std::array kSelf = {"rt_sigaction",
                                     "rt_sigprocmask",
                                     "rt_sigreturn",
                                     "rt_sigsuspend",
                                     "rt_sigpending",
                                     "rt_sigtimedwait",
                                     "sigaltstack",
                                     "restart_syscall",
                                     "getpid",
                                     "gettid",
                                     "getppid",
                                     "getuid",
                                     "geteuid",
                                     "getgid",
                                     "getegid",
                                     "getresuid",
                                     "getresgid",
                                     "getgroups",
                                     "getpgrp",
                                     "getpgid",
                                     "getsid",
                                     "set_robust_list",
                                     "set_tid_address",
                                     "rseq",
                                     "sched_getaffinity",
                                     "sched_getparam",
                                     "sched_getscheduler",
                                     "sched_get_priority_max",
                                     "sched_get_priority_min",
                                     "getpriority",
                                     "arch_prctl",
                                     "getrlimit",
                                     "setrlimit",
                                     "getrusage",
                                     "sysinfo",
                                     "uname",
                                     "getrandom",
                                     "getcpu",
                                     "capget",
                                     "exit",
                                     "exit_group"};

/// The one program, and with processes others. Where only one is meant, Landlock refuses the second.
inline constexpr std::array kExecuting = {"execve"};

inline constexpr std::array kSignals = {"kill", "tkill", "tgkill"};

/// On a socket that is open. Sending to an address is not possible on the connected one a worker has.
inline constexpr std::array kOpenSockets = {"recvfrom", "recvmsg", "sendto", "sendmsg", "shutdown"};

inline constexpr std::array kNetwork = {"connect",     "getsockopt", "setsockopt", "getsockname",
                                        "getpeername", "recvmmsg",   "sendmmsg"};

inline constexpr std::array kForking = {"fork", "vfork"};

/// Refused in words people know (EPERM, "Operation not permitted"); all others look as if the kernel were too
/// old for them (ENOSYS), because that is what C libraries know to live with.
inline constexpr std::array kRefusedAloud = {"socketpair",
                                             "bind",
                                             "listen",
                                             "accept",
                                             "accept4",
                                             "ptrace",
                                             "mount",
                                             "umount2",
                                             "pivot_root",
                                             "chroot",
                                             "unshare",
                                             "setns",
                                             "keyctl",
                                             "add_key",
                                             "request_key",
                                             "bpf",
                                             "perf_event_open",
                                             "userfaultfd",
                                             "io_uring_setup",
                                             "io_uring_enter",
                                             "io_uring_register",
                                             "process_vm_readv",
                                             "process_vm_writev",
                                             "process_madvise",
                                             "pidfd_open",
                                             "pidfd_getfd",
                                             "pidfd_send_signal",
                                             "kexec_load",
                                             "init_module",
                                             "finit_module",
                                             "delete_module",
                                             "reboot",
                                             "swapon",
                                             "setsid",
                                             "setpgid",
                                             "setuid",
                                             "setgid",
                                             "setreuid",
                                             "setregid",
                                             "setresuid",
                                             "setresgid",
                                             "setgroups",
                                             "capset",
                                             "chmod",
                                             "fchmod",
                                             "fchmodat",
                                             "chown",
                                             "fchown",
                                             "lchown",
                                             "fchownat",
                                             "setxattr",
                                             "lsetxattr",
                                             "fsetxattr",
                                             "utime",
                                             "utimes",
                                             "utimensat",
                                             "futimesat",
                                             "memfd_create",
                                             "shmget",
                                             "msgget",
                                             "semget",
                                             "mq_open",
                                             "mknod",
                                             "mknodat",
                                             "personality",
                                             "kcmp",
                                             "setpriority",
                                             "sched_setscheduler",
                                             "sched_setaffinity",
                                             "ioprio_set",
                                             "syslog",
                                             "name_to_handle_at",
                                             "open_by_handle_at",
                                             "execveat"};

}  // namespace troupe::sandbox::syscalls
