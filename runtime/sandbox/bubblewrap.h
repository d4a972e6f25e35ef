#pragma once

#include "runtime/base/result.h"
#include "runtime/sandbox/confinement.h"
#include "runtime/sandbox/support.h"

#include <chrono>
#include <string>
#include <vector>

namespace troupe::sandbox {

inline constexpr std::chrono::seconds kProbeTime{5};

/// The descriptor on which bubblewrap is handed the system call filter.
inline constexpr int kFilterDescriptor = 3;

/// The command line, bwrap's own name first, that runs `program` in namespaces of its own and a file system
/// of nothing but what it may use. https://github.com/containers/bubblewrap
std::vector<std::string> bubblewrap_command(const std::string& bubblewrap, const Confinement& confinement,
                                            const Program& program, bool filtered);

/// The path of a bwrap that works here with the rest of `support`: found, and a trial run succeeded. Error:
/// why not, with what bwrap said. Blocks for at most kProbeTime.
Result<std::string> find_bubblewrap(const Support& support);

}  // namespace troupe::sandbox
