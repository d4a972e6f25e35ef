#pragma once

#include "runtime/sandbox/cage.h"

#include <functional>
#include <string>
#include <vector>

namespace troupe::sandbox {

/// What this machine can do, probed once.
inline const Support& machine() {
  static const Support kSupport = probe();
  return kSupport;
}

/// The machine's ways to confine, best first: bubblewrap where it works, and Landlock without it.
inline std::vector<Support> levels_here() {
  std::vector<Support> levels;
  if (!machine().bubblewrap.empty()) levels.push_back(machine());
  Support without = machine();
  without.bubblewrap.clear();
  levels.push_back(without);
  return levels;
}

inline Program shell(std::string script, std::vector<std::string> environment = {}) {
  return {"/bin/sh", {"-c", std::move(script)}, std::move(environment)};
}

}  // namespace troupe::sandbox
