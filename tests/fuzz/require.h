#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>

namespace troupe::fuzz {

/// Ends the process, where the debugger and the fuzzer see it, when what must hold does not; says which line.
inline void require(bool holds, std::source_location at = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "line %u does not hold\n", at.line());
  std::abort();
}

}  // namespace troupe::fuzz
