#pragma once

#include <cstddef>
#include <sys/types.h>

namespace troupe::sandbox {

/// How many processes and threads a user has now, as far as /proc shows it: what RLIMIT_NPROC counts against.
std::size_t count_tasks(uid_t user);

}  // namespace troupe::sandbox
