#pragma once

#include "memory/conversation/session_document.h"
#include "runtime/base/event.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <vector>

/// A turn of a conversation between the journal and a file. Pure.
namespace troupe::agents {

/// The tool calls of a run with what came of them, from its events and in no strategy's form: an assistant's
/// message with the calls of a step, then a result for each. A call without a result is left out. Errors:
/// store (an event that does not parse).
Result<std::vector<models::Message>> recorded_steps(const std::vector<Frame>& events);

/// What makes a turn of a file a finished run: its row as given, with what the turn says, and the events that
/// a client is shown of it. Pictures are in `row.extra` already.
store::Append imported_run(store::RunRow row, const memory::DocumentTurn& turn);

}  // namespace troupe::agents
