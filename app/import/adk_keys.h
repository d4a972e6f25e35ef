#pragma once

#include "app/import/foreign_keys.h"

#include <span>

namespace troupe::app {

/// Keys of ADK's agents, of any class, that are not carried over, and those of `generate_content_config`.
std::span<const ListedKey> adk_agent_keys();
std::span<const ListedKey> adk_content_keys();

}  // namespace troupe::app
