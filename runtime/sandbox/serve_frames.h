#pragma once

#include "runtime/sandbox/worker_channel.h"

#include <functional>
#include <string>
#include <string_view>

namespace troupe::sandbox {

/// The worker's side, for the main() of a program that a Worker runs: reads a request from `channel`, writes
/// answer(request), until the daemon hangs up. It runs confined from its first instruction on: everything was
/// applied before exec. Blocking, single-threaded; a crash is the daemon's to notice.
///
/// Returns the program's exit code: 0 when the daemon hung up between requests, 1 (with a line on standard
/// error) when the channel broke, a request or an answer has more than `most` bytes, or `answer` threw.
int serve_frames(int channel, const std::function<std::string(std::string_view request)>& answer,
                 std::size_t most = kFrameBytes);

}  // namespace troupe::sandbox
