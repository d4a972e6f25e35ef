#pragma once

#include "memory/knowledge/search/overrides.h"
#include "memory/knowledge/settings.h"
#include "runtime/config/collections.h"
#include "runtime/config/record.h"

namespace troupe::memory {

/// The `knowledge:` section; its names are in the namespace "knowledge".
config::ShapePtr<config::Entries<KnowledgeSettings>> knowledge_section();

/// What a search may ask for otherwise than its base says: keys of a tool and of a step of a chain.
config::Record<SearchOverrides> overrides_section();

}  // namespace troupe::memory
