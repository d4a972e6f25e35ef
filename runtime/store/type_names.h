#pragma once

#include <string_view>

namespace troupe::store {

/// The same text, kept as long as the process lives: what Frame::type and Fact::kind point to when they were
/// read from the journal. Meant for the few dozen names of the vocabulary, not for text from outside. Any
/// thread.
std::string_view keep_type(std::string_view name);

}  // namespace troupe::store
