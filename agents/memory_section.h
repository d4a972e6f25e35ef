#pragma once

#include "memory/conversation/settings.h"
#include "runtime/config/choice.h"

namespace troupe::agents {

/// The `memory:` of an agent: each type with its own keys, as memory_keys() names them.
config::ShapePtr<memory::MemorySettings> memory_section();

}  // namespace troupe::agents
