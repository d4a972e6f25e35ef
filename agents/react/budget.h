#pragma once

#include "agents/react/fitting.h"
#include "agents/settings.h"
#include "models/message.h"
#include "models/settings.h"
#include "models/token_counter.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// What one model call may use, decided before it is made.
struct Allowance {
  std::int64_t input = 0;  ///< tokens of the request, estimated
  /// Tokens the model may write before its stream is cut.
  std::int64_t output = std::numeric_limits<std::int64_t>::max();
  std::string_view reason = "max_tokens";  ///< of a run whose stream was cut by it: or max_cost
  std::int64_t tokens = std::numeric_limits<std::int64_t>::max();  ///< as `output`, were it not for the cost
  double money = std::numeric_limits<double>::infinity();          ///< what request and reply may cost
  std::size_t entry = 0;  ///< of the model and its fallbacks, the first that the cost limit has room for

  /// Whether the money is enough for the request at another price.
  bool pays(const std::optional<models::Price>& price) const;
  /// The same where the reply turns out to be written at another price.
  Allowance at(const std::optional<models::Price>& price) const;
};

/// A limit that was reached.
struct LimitReached {
  std::string_view reason;  ///< a literal: max_steps, max_tokens, max_cost, max_time, repeated_action
  std::string detail;       ///< for people
  /// Of what others spend from, too: nothing is kept there for a last answer.
  bool shared = false;
};

/// The tokens and the money of one run: what is used, and what the next call may use. A call is refused
/// before it is made when its request alone would pass a limit; what it may write is bounded so that its
/// stream can be cut where the limit is. With on_limit: answer, what one last call may cost is kept back.
///
/// The size of a request is what the provider counted for the one before plus what is new in it, counted or
/// estimated. Pure.
class Budget {
 public:
  /// `counter`: null for an estimate.
  Budget(const AgentLimits& limits, OnLimit on_limit, std::optional<models::Price> price,
         std::shared_ptr<const models::TokenCounter> counter = nullptr)
      : limits_(limits),
        reserves_(on_limit == OnLimit::answer),
        price_(price),
        prices_{price},
        counter_(counter ? std::move(counter) : std::make_shared<const models::TokenCounter>()) {}

  /// Tokens of a request beside its messages (declared tools).
  void set_overhead(std::int64_t tokens) { overhead_ = tokens; }

  /// What the model's fallbacks cost, in the order they are asked: where the cost limit has no room for the
  /// model, a call is allowed to the first of them that it has room for.
  void add_fallbacks(const std::vector<std::optional<models::Price>>& prices) {
    prices_.insert(prices_.end(), prices.begin(), prices.end());
  }

  /// The next ordinary call, or the limit that it would pass. `input`: what an earlier process took the size
  /// of its request for.
  std::expected<Allowance, LimitReached> next(const models::Transcript& transcript,
                                              std::optional<std::int64_t> input = std::nullopt);
  /// The call that asks for a best answer at a limit: it may use what was kept back. Nothing when that is too
  /// little. Its message stands in the transcript already.
  std::optional<Allowance> last(const models::Transcript& transcript);

  /// A call beside the conversation (a model that judges), of `input` tokens at another price.
  std::expected<Allowance, LimitReached> aside(std::int64_t input,
                                               const std::optional<models::Price>& price) const;
  /// What such calls use while they are at work, until they are counted: several at once do not get the same
  /// rest. Negative figures give back.
  void hold_aside(std::int64_t tokens, double cost) {
    at_once_ += tokens;
    at_once_cost_ += cost;
  }
  /// False once they have used up a limit; of cost only where `price` is one.
  bool aside_fits(const std::optional<models::Price>& price) const {
    return tokens_at_work() < limits_.tokens &&
           (limits_.cost <= 0 || !price || cost_at_work() < limits_.cost);
  }
  /// What the call that was allowed last uses while it is at work, until it is counted: it and those beside
  /// the conversation do not get the same rest either. The limit that they have reached together, or "".
  std::string_view hold_own(std::int64_t tokens, double cost) {
    own_ = tokens;
    own_cost_ = cost;
    if (tokens_at_work() >= own_tokens_max_) return "max_tokens";
    return cost > 0 && cost_at_work() >= own_cost_max_ ? "max_cost" : "";
  }
  /// Kept back beside what a best answer at a limit may use: for the models that judge it.
  void keep_back(std::int64_t tokens, double cost) {
    aside_tokens_ = tokens;
    aside_cost_ = cost;
  }
  /// The most tokens that are kept back for a best answer.
  static std::int64_t answer_tokens(const AgentLimits& limits);

  /// What a call has used. To be told before anything is added to the transcript that it was asked with.
  void spent(const models::Usage& usage, double cost);
  /// What was used by a call that brought no reply: cut off by a stop or by a crash. Nothing is learnt from
  /// it about the size of requests.
  void lost(const models::Usage& usage, double cost);
  /// What a crash took: it counts against the limits, but not in what the run says it used, for no usage
  /// event tells of it.
  void lost_untold(const models::Usage& usage, double cost);
  /// The messages from `size` on were replaced.
  void forget_beyond(std::size_t size);

  /// Tokens of a request with this conversation, whatever was reported of the one before.
  std::int64_t prompt_tokens(const models::Transcript& transcript);
  /// The sum that the counter corrects, of all that was seen so far.
  std::int64_t counted() const;
  /// Of each message, before correction, once prompt_tokens() or next() has seen it.
  const std::vector<std::int64_t>& sizes() const { return sizes_; }
  /// What a provider counts for each token of sizes().
  double scale() const;
  std::int64_t beside() const { return counter_->corrected(overhead_); }
  const models::TokenCounter& counter() const { return *counter_; }
  /// A provider refused the request, and said how large it was.
  void refused_at(std::int64_t tokens);
  /// The conversation was fitted, and is `transcript` now; `asked` of its messages stood in the last request.
  void fitted(const Fitting& fitting, const models::Transcript& transcript, std::size_t asked);

  std::int64_t input_tokens() const { return input_; }
  std::int64_t output_tokens() const { return output_; }
  double cost() const { return cost_; }

 private:
  std::int64_t tokens_at_work() const { return input_ + output_ + untold_ + at_once_ + own_; }
  double cost_at_work() const { return cost_ + untold_cost_ + at_once_cost_ + own_cost_; }
  std::int64_t request_tokens(const models::Transcript& transcript);
  std::int64_t sum(std::size_t messages) const;
  double price_of(std::int64_t input, std::int64_t output) const;
  std::optional<Allowance> at_first_payable(Allowance call, std::int64_t output_min) const;

  const AgentLimits limits_;
  const bool reserves_;
  const std::optional<models::Price> price_;
  std::vector<std::optional<models::Price>> prices_;  // and of the fallbacks
  const std::shared_ptr<const models::TokenCounter> counter_;
  std::int64_t overhead_ = 0;
  std::int64_t known_ = 0;           // tokens of the first `seen_` messages
  std::int64_t asked_ = 0;           // of those that the last request had, as counted or estimated
  std::int64_t held_ = 0;            // as known_, also where a provider counts nothing
  std::int64_t held_asked_ = 0;      // as asked_
  std::vector<std::int64_t> sizes_;  // of the first `seen_` messages, before correction
  std::size_t seen_ = 0;
  std::int64_t input_ = 0;
  std::int64_t output_ = 0;
  double cost_ = 0;
  std::int64_t untold_ = 0;  // tokens …
  double untold_cost_ = 0;
  std::int64_t aside_tokens_ = 0;
  double aside_cost_ = 0;
  std::int64_t at_once_ = 0;  // tokens of calls beside the conversation that are under way …
  double at_once_cost_ = 0;
  std::int64_t own_ = 0;  // of the conversation's call that is under way …
  double own_cost_ = 0;
  std::int64_t own_tokens_max_ = std::numeric_limits<std::int64_t>::max();  // with all that is used …
  double own_cost_max_ = std::numeric_limits<double>::infinity();
};

}  // namespace troupe::agents
