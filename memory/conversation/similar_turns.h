#pragma once

#include "memory/conversation/memory.h"
#include "memory/conversation/recall_plan.h"
#include "memory/conversation/turn_reader.h"

namespace troupe::memory {

/// `vector`: the earlier turns that are most like the message, in their order, and the last ones. Each turn's
/// vector is made once, after its answer, or when it is first looked for and missing.
class SimilarTurns final : public Memory {
 public:
  static constexpr std::size_t kLast = 2;  ///< turns that are always there: what "it" and "that" refer to

  SimilarTurns(MemorySettings settings, MemoryServices services);

  Task<Result<Recalled>> recall(std::string message, CallContext& context) override;
  Task<Result<Recollection>> recall_again(Json record, CallContext& context) override;
  Task<Result<>> settle(CallContext& context) override;

 private:
  using Vectors = std::vector<TurnVectors::Vector>;

  Task<Result<TurnReader::Read>> read(CallContext& context, std::size_t turns);
  /// The vectors of `turns`, those that are missing made now, the newest of them first, and the query's at
  /// the end where there is one.
  Task<Result<Vectors>> vectors_of(std::span<const Turn> turns, std::string query, CallContext& context);

  const MemorySettings settings_;
  const MemoryServices services_;
  const RecallBounds bounds_;
  const Ruler ruler_;
  TurnReader reader_;
};

}  // namespace troupe::memory
