#pragma once

#include "agents/chains/chain_budget.h"
#include "agents/chains/chain_calls.h"
#include "agents/chains/chain_sink.h"
#include "agents/react/budget.h"
#include "models/price.h"
#include "runtime/base/context.h"

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>

namespace troupe::agents {

/// What a request spends from that others spend from, too; not set: nothing.
struct SharedLimits {
  /// Told how many tokens the model has written in all: the limit that this reaches.
  std::function<std::optional<LimitReached>(std::int64_t written)> written = nullptr;
  /// Another model goes on, at this price. False: it cannot be paid.
  std::function<bool(const std::optional<models::Price>& price)> serve = nullptr;
};

/// The first of a model and its fallbacks that nothing is in the way of, "" for the model itself; the limit
/// that is in the way of that where there is none. A fallback is looked for only where it is money.
/// `in_the_way` is given the price.
std::expected<std::string, LimitReached> first_payable(
    const ChainModel& model,
    const std::function<std::optional<LimitReached>(const std::optional<models::Price>&)>& in_the_way);

/// One request of a chain, held against limits while its reply is written: the chain's own, and shared ones.
/// Where one is used up, the stream is closed, also while the model reasons. Asked once; lives as long as its
/// request. Loop thread only.
class HeldCall {
 public:
  /// `budget` and `call` outlive it; `input`: tokens of the request; `first`: the fallback that is
  /// asked first, or "".
  HeldCall(ChainBudget& budget, const ChainCall& call, std::int64_t input, std::string first,
           SharedLimits shared = {});
  HeldCall(const HeldCall&) = delete;

  /// Who shows what is written sets that here.
  ChainSink& sink() { return sink_; }

  /// What came of it. A reply that was cut is one, with an estimate of what it used where nobody said.
  /// Errors: as Model::complete.
  Task<Result<models::ModelReply>> complete(CallContext& context);

  /// The limit at which the stream was closed; its detail only where it is one of others, too.
  const std::optional<LimitReached>& cut() const { return cut_; }
  std::int64_t ms() const { return ms_; }
  std::int64_t written() const { return sink_.tokens(); }
  /// Who wrote: a fallback, or "".
  const std::string& entry() const { return sink_.entry(); }
  /// What it used by estimate, where it broke off.
  models::Usage estimate() const {
    return {.input_tokens = input_, .output_tokens = written(), .estimated = true};
  }

 private:
  bool room(std::int64_t written);

  ChainBudget& budget_;
  const ChainCall& call_;
  const std::int64_t input_;
  const std::string first_;
  const SharedLimits shared_;
  std::optional<models::Price> price_;
  ChainBudget::Flight flight_;
  ChainSink sink_;
  std::optional<LimitReached> cut_;
  std::int64_t ms_ = 0;
};

}  // namespace troupe::agents
