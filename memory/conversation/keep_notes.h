#pragma once

#include "memory/conversation/recollection.h"
#include "runtime/async/task.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::memory {

/// The notes that `text` becomes, which has the notes before it and the first `turns` of those remembered.
Notes compacted(const Remembered& remembered, std::size_t turns, std::string text);

/// Whether the last of the finished runs (oldest first) can still be given notes. A row's notes are written
/// once: a run that was shown them may be taken up again, and is shown the same.
bool may_keep_notes(const std::vector<store::RunRow>& rows);

/// Commits notes to the row of a finished run, together with `memory.compacted`, which says how many turns
/// are in them since then (`dropped`) and how many are not (`kept`). Errors: store.
Task<Result<>> keep_notes(store::Journal& journal, store::RunRow keeper, Notes notes, std::size_t dropped,
                          std::size_t kept);

}  // namespace troupe::memory
