#pragma once

#include "memory/conversation/memory.h"
#include "memory/conversation/recall_plan.h"
#include "memory/conversation/turn_reader.h"

namespace troupe::memory {

/// `none`, `buffer`, `window`, `token_buffer`, and what `facts` recalls beside its blocks: the last turns,
/// each with its own bounds.
class LastTurns final : public Memory {
 public:
  LastTurns(const MemorySettings& settings, const MemoryServices& services);

  Task<Result<Recalled>> recall(std::string message, CallContext& context) override;
  Task<Result<Recollection>> recall_again(Json record, CallContext& context) override;
  Task<Result<>> settle(CallContext&) override { co_return Result<>(); }

 private:
  const RecallBounds bounds_;
  const Ruler ruler_;
  TurnReader reader_;
};

}  // namespace troupe::memory
