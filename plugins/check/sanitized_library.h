#pragma once

#include "runtime/base/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::plugins {

inline constexpr std::size_t kReportBytes = 64u << 10;  // of one report of a sanitizer, the rest is cut
inline constexpr std::size_t kReportsMost = 32;         // of one check

/// What a library was built with to find its own mistakes.
struct Instrumented {
  bool address = false;  ///< -fsanitize=address
  bool thread = false;   ///< -fsanitize=thread
  /// The file name of the runtime that it asks for itself ("libasan.so.8"); "" when the program is to have
  /// it, as clang links it.
  std::string runtime;
};

/// Reads that out of the bytes of a library. Pure.
Instrumented instrumentation_of(std::string_view library);

/// The file of AddressSanitizer's runtime that such a library works with: `given` when that is not "", else
/// the one that it names, else the newest of clang's on this machine. What comes out is for LD_PRELOAD.
/// Errors: not_found, with what to install or to name.
Result<std::string> address_runtime(const Instrumented& library, const std::string& given);

/// One thing that a sanitizer found.
struct Report {
  std::string summary;  ///< one line: "heap-buffer-overflow counter.c:12 in count", "leaked 48 bytes in …"
  std::string text;     ///< all of it, at most kReportBytes
};

/// What the reports of one process say (what AddressSanitizer writes to its log_path), of leaks only those
/// that have `library` (a file name) among their frames: others are not the plugin's. Pure.
std::vector<Report> read_reports(std::string_view text, std::string_view library);

}  // namespace troupe::plugins
