#pragma once

#include "memory/knowledge/document.h"

#include <string>

namespace troupe::memory::loaders::testing {

/// What of Document's promises does not hold; empty: all of them do.
std::string broken_promise(const Document& document);

}  // namespace troupe::memory::loaders::testing
