#pragma once

#include "agents/budgets/purse.h"
#include "agents/memory_parts.h"
#include "models/model.h"
#include "models/price.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <memory>
#include <string>

namespace troupe::agents {

/// The model that an agent's memory asks after a run has ended: what it uses is held against the budgets that
/// runs spend together, and told by a `usage` event of the session and in the ledger, whatever became of the
/// call. A call that no budget has room for is not made. Loop thread only.
class PaidModel final : public models::Model {
 public:
  /// All outlive the model. `parts` has a model; `agent` is whose memory it is.
  PaidModel(const MemoryParts& parts, std::shared_ptr<const models::PriceList> prices, std::string agent,
            Purse& purse, store::Journal& journal);

  /// Errors beside those of the model: busy (a budget has no room; it is named).
  Task<Result<models::ModelReply>> complete(models::ModelRequest request, models::TokenSink& sink,
                                            CallContext& context) override;
  const std::string& name() const override { return parts_.model->name(); }

 private:
  class Counted;
  std::optional<models::Price> price_of(const std::string& entry) const;
  std::int64_t size_of(const models::ModelRequest& request) const;
  Task<> tell(models::ModelReply reply, std::int64_t ms, CallContext& context);

  const MemoryParts& parts_;
  const std::shared_ptr<const models::PriceList> prices_;
  const std::string agent_;
  Purse& purse_;
  store::Journal& journal_;
};

}  // namespace troupe::agents
