#pragma once

#include "memory/knowledge/document.h"
#include "memory/knowledge/loaders/limits.h"
#include "runtime/base/result.h"

#include <string_view>

namespace troupe::memory::loaders {

/// The values of a JSON file as lines (json_lines.h). Records are the elements of a list; of an object its
/// members, and where a member is a list of objects or lists, the elements of that. When the file breaks, the
/// records before are kept and a remark says where; error `invalid` when there are none. `text` is UTF-8.
Result<Document> load_json(std::string_view text, const LoadLimits& limits);

/// A value a line, each a record (JSON Lines). A line that is no JSON, or too long, is left out, and a remark
/// names it. Error `invalid`: there are lines and none is JSON.
Result<Document> load_jsonl(std::string_view text, const LoadLimits& limits);

}  // namespace troupe::memory::loaders
