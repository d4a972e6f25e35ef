#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// What a call's process is given on its standard input: how long the code is, the code, and then what the
/// code reads as its own standard input. Pure.
std::string runner_input(std::string_view code, std::string_view input);

/// What the interpreter is started with: isolated (no variables, no user's packages, nothing imported from
/// the folder it starts in), in UTF-8, without writing byte code, running a program of our own that reads the
/// code, runs it as `__main__` in `folder`, shows the value of a last expression as an interactive session
/// does, and words what goes wrong. `memory` and `file`: the limits, for those words ("512 MiB").
std::vector<std::string> runner_arguments(const std::string& folder, const std::string& memory,
                                          const std::string& file);

}  // namespace troupe::tools
