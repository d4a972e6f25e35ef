#pragma once

#include "memory/knowledge/search/retriever.h"
#include "runtime/base/json.h"

namespace troupe::memory {

/// What a search found, as the interfaces show it: {"hits": […], "remarks"?: […]}. Pure.
Json to_json(const Retrieved& found);

}  // namespace troupe::memory
