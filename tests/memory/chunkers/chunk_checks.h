#pragma once

#include "memory/knowledge/chunkers/chunker.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory::testing {

/// The chunks' texts with "|" between them; the error's message where there is one.
std::string joined(const Document& document, const Result<std::vector<Chunk>>& chunks);
std::string cut(std::string_view text, const ChunkSettings& settings);

/// What of the promises of chunk() does not hold, in words; empty: all do. Characters are looked up by an
/// iterator of ICU over the whole text.
std::string broken_promise(const Document& document, const ChunkSettings& settings,
                           const models::tokens::Encoding* encoding = nullptr);

std::size_t units(std::string_view text, const ChunkSettings& settings,
                  const models::tokens::Encoding* encoding);

}  // namespace troupe::memory::testing
