#pragma once

#include "runtime/base/result.h"
#include "runtime/sandbox/cage.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::sandbox {

/// A program that the operator wants run as it is: with the daemon's user, files and network. Nothing
/// confines it; it still gets only the environment and the streams that are named, is a process group of its
/// own, and ends with the daemon.
struct Command {
  std::string path;  ///< absolute
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  ///< "NAME=value"
  std::string directory = "/";
};

/// Where a program is that a person called `name`: itself when it has a `/` (of `directory` when it is
/// relative), else the first executable file of that name in the folders of `search` ("/usr/bin:/bin").
/// Errors: not_found.
Result<std::string> find_program(std::string_view name, std::string_view search, std::string_view directory);

/// Starts it, as Cage::start() does, with the same rules for the calling thread. A program that cannot be
/// executed is no error here: its Ending says it.
Result<Started> start_command(const Command& command, const Streams& streams);

}  // namespace troupe::sandbox
