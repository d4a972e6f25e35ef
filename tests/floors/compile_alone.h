#pragma once

#include "tests/floors/source_tree.h"

#include <string>
#include <vector>

namespace troupe::floors {

/// Compiles each header by itself (syntax only), two at a time, and returns the compiler's words for those
/// that need something they do not include.
///
/// Two measures make this affordable. Asio, nlohmann, fmt and doctest are precompiled, one file for each
/// combination of them: a header is given what its own includes name, but a library is parsed a few times
/// instead of once per header. And a header that compiled is stamped with a hash of all it includes, so that
/// only what changed is compiled again.
std::vector<std::string> headers_that_do_not_compile_alone(const SourceTree& tree,
                                                           const std::vector<std::string>& headers);

}  // namespace troupe::floors
