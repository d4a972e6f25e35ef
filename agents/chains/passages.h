#pragma once

#include "agents/chains/packing.h"
#include "memory/knowledge/search/hit.h"
#include "runtime/base/json.h"

#include <span>
#include <string>
#include <vector>

/// Passages that a search found, as models, people and the journal are given them. Pure.
namespace troupe::agents {

/// [{"index": 1, "title", "source", "page", "heading", "text"}, …]: these parts of them, numbered from 1 by
/// their place in `hits`.
Json passages_json(std::span<const memory::Hit> hits, std::span<const TextPart> parts);

/// For a prompt of the user's own: "[1] Title (source, page 3)", and below it the text, each line marked as
/// text from outside. "" for none.
std::string passages_text(std::span<const memory::Hit> hits);

/// As the journal keeps them, so that a run that is taken up again answers from the very same.
Json hits_to_fact(std::span<const memory::Hit> hits);
std::vector<memory::Hit> hits_from_fact(const Json& fact);

}  // namespace troupe::agents
