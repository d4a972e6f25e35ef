#pragma once

#include "tests/e2e/recorded_stage.h"
#include "tests/fakes/conversations.h"

#include <string>
#include <vector>

namespace troupe::e2e {

/// Whether a client saw all deltas of a run, or was away for some.
enum class Shown { whole, in_part };

/// Fails the running test where a run is not what its recording says: the order of its events, thoughts,
/// actions and their inputs, observations, usage, the answer, exactly one end, and deltas that add up to what
/// supersedes them. `frames` are those of one run, from its ack or its run.started.
void check_run(const RecordedStage& stage, const fakes::RecordedTurn& turn, const std::vector<Json>& frames,
               Shown shown = Shown::whole);

/// Fails the running test where the model server was not asked what it had to be: every request of the
/// conversation holds the turns that its memory keeps, the question, and each reply and observation so far,
/// in this order and nothing else. `runs`: the frames of each run; `requests`: bodies of the conversation;
/// `turns_kept`: of the memory.
void check_requests(const RecordedStage& stage, const fakes::RecordedConversation& conversation,
                    const std::vector<std::vector<Json>>& runs, const std::vector<Json>& requests,
                    std::size_t turns_kept = 1000);

/// Fails the running test when seq is not `first`, `first` + 1 …
void check_gap_free(const std::vector<std::int64_t>& seqs, std::int64_t first = 1);

}  // namespace troupe::e2e
