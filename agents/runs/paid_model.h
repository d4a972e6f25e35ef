#pragma once

#include "agents/agent.h"
#include "agents/budgets/account.h"
#include "agents/budgets/purse.h"
#include "models/model.h"
#include "models/price.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <optional>
#include <string>

namespace troupe::agents {

/// The model that an agent's memory asks after a run has ended: what it uses is held against the budgets that
/// runs spend together, and told by a `usage` event of the session and in the ledger, whatever became of the
/// call. A call that no budget has room for is not made. Each is in the journal before it leaves, and what a
/// crash took of earlier ones is counted before the first: see memory_calls.h. Loop thread only.
class PaidModel final : public models::Model {
 public:
  /// All outlive the model. `agent` has a memory with a model; `run` is the one that has ended, and `purse`
  /// its own, of `account`.
  PaidModel(const Agent& agent, const store::RunRow& run, Purse& purse, Account& account,
            store::Journal& journal);

  /// Errors beside those of the model: busy (a budget has no room; it is named), store.
  Task<Result<models::ModelReply>> complete(models::ModelRequest request, models::TokenSink& sink,
                                            CallContext& context) override;
  const std::string& name() const override { return parts_.model->name(); }

 private:
  class Counted;
  std::optional<models::Price> price_of(const std::string& entry) const;
  std::int64_t size_of(const models::ModelRequest& request) const;
  Task<Result<>> count_lost(CallContext& context);
  Task<Result<>> announce(std::int64_t input, const std::string& entry);
  Task<> tell(models::ModelReply reply, std::int64_t ms, CallContext& context);
  const std::string& served_by(const std::string& entry) const {
    return entry.empty() ? parts_.entry : entry;
  }

  const Agent& agent_;
  const MemoryParts& parts_;
  const store::RunRow& run_;
  Purse& purse_;
  Account& account_;
  store::Journal& journal_;
  bool lost_counted_ = false;
};

}  // namespace troupe::agents
