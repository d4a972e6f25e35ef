#pragma once

#include "agents/react/context_fit.h"
#include "agents/react/fitting.h"
#include "agents/react/seen_outputs.h"
#include "agents/strategies/strategy.h"
#include "models/message.h"
#include "models/token_counter.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace troupe::agents {

/// The sizes of a conversation. `sizes`: of each message as TokenCounter::message() counts; `scale` times
/// that is what the provider counts.
struct PromptSizes {
  std::span<const std::int64_t> sizes;
  double scale = 1;
  std::int64_t beside = 0;  ///< tokens of the request beside its messages
};

/// Makes a conversation fit into a model's context, and does again what was done before a restart. Pure.
class PromptFitter {
 public:
  /// `recalled`: messages of earlier turns, after the first.
  explicit PromptFitter(std::size_t recalled) : recalled_(recalled) {}

  /// What tools said was written into the messages [from, to).
  void observed(std::size_t from, std::size_t to, std::vector<SeenOutputs::Seen> seen) {
    seen_.add(from, to, std::move(seen));
  }

  /// Where the user's message stands.
  std::size_t user() const { return recalled_ + 1; }

  /// What to leave out for at most `limit` tokens; where even that is not enough, as much as can be.
  Fitting decide(const models::Transcript& transcript, const Strategy& strategy,
                 const models::TokenCounter& counter, const PromptSizes& sizes, std::int64_t limit) const;
  /// The conversation with that left out. A fitting of another conversation changes what it can.
  std::shared_ptr<models::Transcript> apply(const Fitting& fitting, const models::Transcript& transcript,
                                            const Strategy& strategy);

 private:
  void shorten_newest(const FitPlan& plan, const PromptView& view, const models::Transcript& transcript,
                      const Strategy& strategy, const models::TokenCounter& counter, double scale,
                      std::int64_t limit, Fitting& fitting) const;

  std::size_t recalled_;
  SeenOutputs seen_;
};

}  // namespace troupe::agents
