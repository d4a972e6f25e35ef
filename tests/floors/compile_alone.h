#pragma once

#include "tests/floors/source_tree.h"

#include <string>
#include <vector>

namespace troupe::floors {

/// Compiles each header by itself (syntax only), two at a time, and returns the compiler's words for those
/// that need something they do not include.
///
/// Three measures make this affordable. A few headers below many others are precompiled, and each header is
/// given the heaviest of those that it includes anyway: all that it could lack of its own would come from
/// there in any case, and what it includes is compiled alone, too. Headers without such a one are given Asio,
/// nlohmann, fmt and doctest precompiled, as far as their own includes name them. And a header that compiled
/// is stamped with a hash of all it includes, so that only what changed is compiled again.
std::vector<std::string> headers_that_do_not_compile_alone(const SourceTree& tree,
                                                           const std::vector<std::string>& headers);

}  // namespace troupe::floors
