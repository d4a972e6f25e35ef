#pragma once

#include "runtime/sandbox/confinement.h"

#include <cstddef>
#include <string_view>

namespace troupe::memory {

/// The argument, its only one, with which this program is a document reader instead of itself.
inline constexpr std::string_view kReaderArgument = "troupe-document-reader";

/// What main() does then, before anything else: reads requests from the daemon and answers them
/// (reader_frames.h), until it hangs up. Returns the exit code.
int serve_documents();

/// This very program as a document reader. Another one that calls serve_documents() does as well.
sandbox::Program reader_program();
/// No files but the system's libraries, no network, no processes; `memory` is its address space.
sandbox::Confinement reader_confinement(std::size_t memory);

}  // namespace troupe::memory
