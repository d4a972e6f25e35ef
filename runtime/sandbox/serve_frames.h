#pragma once

#include "runtime/sandbox/frame.h"

#include <functional>
#include <string>
#include <string_view>

namespace troupe::sandbox {

/// A worker program's standard input, where its frames come and go.
inline constexpr int kWorkerChannel = 0;

/// The worker's side, for the main() of a program that a Worker runs: reads a request from `channel`, writes
/// answer(request), until the daemon hangs up. It runs confined from its first instruction on: everything was
/// applied before exec. Blocking, single-threaded; a crash is the daemon's to notice.
///
/// Standard input and output become standard error, so that a library that prints does not break a frame.
/// Returns the program's exit code: 0 when the daemon hung up between requests, 1 (with a line on standard
/// error) when the channel broke, a request or an answer has more than `most` bytes, or `answer` threw.
int serve_frames(int channel, const std::function<std::string(std::string_view request)>& answer,
                 std::size_t most = kFrameBytes);

}  // namespace troupe::sandbox
