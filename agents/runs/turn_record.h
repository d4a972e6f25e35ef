#pragma once

#include "agents/strategies/strategy.h"
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
/// a client is shown of it. Pictures are in `row.extra` already. With the strategy of the agent that is to go
/// on with it, its tool steps are recalled as that writes them: facts `memory.step`, each a call or several
/// with what came of them. A call without a result, or a result without a call, is left out.
store::Append imported_run(store::RunRow row, const memory::DocumentTurn& turn,
                           const Strategy* strategy = nullptr);

/// The messages of such a fact. Errors: store (it does not parse).
inline constexpr std::string_view kImportedStep = "memory.step";
Result<std::vector<models::Message>> imported_step(const store::Fact& fact);

}  // namespace troupe::agents
