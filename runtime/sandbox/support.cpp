#include "runtime/sandbox/support.h"

#include "runtime/sandbox/bubblewrap.h"
#include "runtime/sandbox/landlock.h"
#include "runtime/sandbox/syscall_filter.h"

namespace troupe::sandbox {

Level level(const Support& support) {
  if (!support.seccomp) return Level::none;
  if (!support.bubblewrap.empty()) return Level::full;
  return support.landlock > 0 ? Level::no_namespaces : Level::no_file_rules;
}

std::string_view word(Level level) {
  switch (level) {
    case Level::none:
      return "none";
    case Level::no_file_rules:
      return "no file rules";
    case Level::no_namespaces:
      return "no namespaces";
    case Level::full:
      return "full";
  }
  return "";
}

std::string describe(const Support& support) {
  std::string text(word(level(support)));
  text += ": resource limits";
  if (support.seccomp) text += ", system call filter";
  if (!support.bubblewrap.empty()) {
    text += ", namespaces by " + support.bubblewrap;
  } else if (support.landlock > 0) {
    text += ", Landlock " + std::to_string(support.landlock);
  }
  if (!support.seccomp)
    text += "; this kernel has no seccomp filters, so programs for strangers' input are refused";
  if (support.bubblewrap.empty()) text += "; no namespaces: " + support.no_bubblewrap;
  if (support.bubblewrap.empty() && support.landlock == 0)
    text +=
        "; no Landlock (it needs Linux 5.13 and landlock in the kernel's lsm= list): files are not guarded";
  return text;
}

Support probe() {
  Support support;
  support.seccomp = syscall_filters_work();
  support.landlock = landlock_version();
  if (auto found = find_bubblewrap(support)) {
    support.bubblewrap = std::move(*found);
  } else {
    support.no_bubblewrap = std::move(found.error().message);
  }
  return support;
}

}  // namespace troupe::sandbox
