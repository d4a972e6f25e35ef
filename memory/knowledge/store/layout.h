#pragma once

#include "memory/knowledge/document.h"
#include "runtime/base/result.h"

#include <string_view>

namespace troupe::memory {

/// A whole document as JSON, for the frame in which a worker process answers.
Json to_json(const Document& document);
/// The same without its text, metadata and remarks, which the store keeps for themselves: what it needs to
/// cut the text anew without reading the source again.
Json layout_of(const Document& document);

/// Reads either of them; what is absent stays empty. A worker that parsed hostile bytes wrote this, so
/// nothing is believed: errors (protocol) when a place is outside of the text, inside of a character or out
/// of order, or when the text is not valid UTF-8.
Result<Document> document_from(const Json& value, std::string_view text = {});

}  // namespace troupe::memory
