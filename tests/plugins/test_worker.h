#pragma once

#include "runtime/sandbox/confinement.h"

#include <string>

namespace troupe::plugins {

/// Copies of what root's children must be able to read, who are nobody; they last as long as the process.
std::string readable_copy(const std::string& file);

/// The worker of the tests that runs the plugin at `library`. A crash of the plugin looks like one, also
/// where AddressSanitizer would have something to say.
sandbox::Program test_worker(const std::string& library);

}  // namespace troupe::plugins
