#pragma once

#include "models/builtin/passages.h"
#include "models/builtin/subject.h"

#include <string>
#include <vector>

namespace troupe::models::builtin {

/// What passages say about a topic, for others to work with: at most six of their sentences as a list, each
/// with at least half of the topic's words in it or, for two thirds of them, in its passage's title, then the
/// sources of those. "" where fewer than two sentences do. Linear but for the ranking of 800 sentences.
std::string research_notes(const Subject& topic, const std::vector<Passage>& passages);

}  // namespace troupe::models::builtin
