#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/offload.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/sandbox/cage.h"
#include "tools/builtin/code/code_settings.h"
#include "tools/builtin/code/kept_output.h"

#include <chrono>
#include <cstddef>
#include <string>

namespace troupe::tools {

inline constexpr std::size_t kCodeFloodBytes = std::size_t{16} << 20;  ///< of output; then it is killed
inline constexpr std::size_t kCodeEntries = 2'000;                     ///< of its working folder
inline constexpr std::chrono::milliseconds kCodeWatch{100};  ///< between two looks at its working folder

/// What became of a call's process.
struct CodeOutcome {
  enum class Why {
    ended,    ///< by itself: `ending` says how
    time,     ///< it was killed: its own time was over
    stopped,  ///< by who asked for the call: cancelled, or that one's time was over
    flood,    ///< it wrote more than kCodeFloodBytes
    folder,   ///< its folder held more than it may
    hidden,   ///< its folder held folders that cannot be looked into
  };
  explicit CodeOutcome(std::size_t output_bytes) : output(output_bytes), errors(output_bytes) {}

  Why why = Why::ended;
  StopReason stopped = StopReason::none;
  sandbox::Ending ending;
  KeptOutput output;
  KeptOutput errors;
};

/// Runs the program of `cage` with `input` as its standard input and looks after its `folder` meanwhile. When
/// it returns the process and all of its group have been killed and reaped. `workers`: who looks at the
/// folder; null: the loop. Errors: unavailable, where it could not be started. Loop thread only.
Task<Result<CodeOutcome>> run_code(Loop& loop, Workers* workers, const sandbox::Cage& cage, std::string input,
                                   std::string folder, const CodeSettings& settings, Deadline deadline,
                                   Stop& stop);

/// The outcome as an agent reads it: in a first line how it ended, in words, then what it wrote. Pure.
std::string outcome_text(const CodeOutcome& outcome, const CodeSettings& settings);

/// "512 MiB", "6 KiB", "1000 bytes".
std::string size_text(std::size_t bytes);

}  // namespace troupe::tools
