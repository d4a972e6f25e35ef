#pragma once

#include "memory/conversation/session_document.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"
#include "runtime/store/store_reader.h"

#include <cstddef>
#include <vector>

/// A conversation on its way from the store to a file. Blocking: not for the loop thread.
namespace troupe::agents {

inline constexpr std::size_t kSessionRuns = 100'000;  // of a session, that are read at most

/// The runs of a session that have ended, oldest first. Errors: store.
Result<std::vector<store::RunRow>> ended_runs(store::StoreReader& reader, const std::string& session);

/// What is exported of a session: its finished runs with their tool calls, pictures included. `bytes_max`:
/// how much text it may have; 0: any. Errors: store; too_large, naming the limit.
Result<memory::SessionDocument> recorded_session(store::StoreReader& reader, const store::SessionRow& session,
                                                 std::size_t bytes_max = 0);

}  // namespace troupe::agents
