#pragma once

#include "memory/conversation/compaction.h"
#include "memory/conversation/memory.h"
#include "memory/conversation/summarize.h"
#include "memory/conversation/turn_reader.h"

namespace troupe::memory {

/// `summary` and `summary_buffer`: notes on the earlier turns, and the last ones. Notes are made after an
/// answer, from the notes before and the turns since; what is recalled keeps within its limit also while they
/// are not there yet.
class SummarizedTurns final : public Memory {
 public:
  SummarizedTurns(MemorySettings settings, MemoryServices services);

  Task<Result<Recalled>> recall(std::string message, CallContext& context) override;
  Task<Result<Recollection>> recall_again(Json record, CallContext& context) override;
  Task<Result<>> settle(CallContext& context) override;

 private:
  Task<Result<>> compact(const TurnReader::Read& read, const Compaction& plan, CallContext& context);

  const MemorySettings settings_;
  const MemoryServices services_;
  TurnReader reader_;
};

}  // namespace troupe::memory
