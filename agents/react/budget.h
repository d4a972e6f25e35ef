#pragma once

#include "agents/settings.h"
#include "models/message.h"
#include "models/settings.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::agents {

/// What one model call may use, decided before it is made.
struct Allowance {
  std::int64_t input = 0;  ///< tokens of the request, estimated
  /// Tokens the model may write before its stream is cut.
  std::int64_t output = std::numeric_limits<std::int64_t>::max();
  std::string_view reason = "max_tokens";  ///< of a run whose stream was cut by it: or max_cost
  std::int64_t tokens = std::numeric_limits<std::int64_t>::max();  ///< as `output`, were it not for the cost
  double money = std::numeric_limits<double>::infinity();          ///< what request and reply may cost

  /// The same where the reply turns out to be written at another price.
  Allowance at(const std::optional<models::Price>& price) const;
};

/// A limit that was reached.
struct LimitReached {
  std::string_view reason;  ///< a literal: max_steps, max_tokens, max_cost, max_time, repeated_action
  std::string detail;       ///< for people
};

/// The tokens and the money of one run: what is used, and what the next call may use. A call is refused
/// before it is made when its request alone would pass a limit; what it may write is bounded so that its
/// stream can be cut where the limit is. With on_limit: answer, what one last call may cost is kept back.
///
/// The size of a request is what the provider counted for the one before plus an estimate of what is new in
/// it. Pure.
class Budget {
 public:
  Budget(const AgentLimits& limits, OnLimit on_limit, std::optional<models::Price> price)
      : limits_(limits), reserves_(on_limit == OnLimit::answer), price_(price) {}

  /// Tokens of a request beside its messages (declared tools).
  void set_overhead(std::int64_t tokens) { overhead_ = tokens; }

  /// The next ordinary call, or the limit that it would pass.
  std::expected<Allowance, LimitReached> next(const models::Transcript& transcript);
  /// The call that asks for a best answer at a limit: it may use what was kept back. Nothing when that is too
  /// little. Its message stands in the transcript already.
  std::optional<Allowance> last(const models::Transcript& transcript);

  /// A call beside the conversation (a model that judges), of `input` tokens at another price.
  std::expected<Allowance, LimitReached> aside(std::int64_t input,
                                               const std::optional<models::Price>& price) const;
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

  std::int64_t input_tokens() const { return input_; }
  std::int64_t output_tokens() const { return output_; }
  double cost() const { return cost_; }

 private:
  std::int64_t request_tokens(const models::Transcript& transcript);
  double price_of(std::int64_t input, std::int64_t output) const;

  const AgentLimits limits_;
  const bool reserves_;
  const std::optional<models::Price> price_;
  std::int64_t overhead_ = 0;
  std::int64_t known_ = 0;  // tokens of the first `seen_` messages
  std::int64_t asked_ = 0;  // of those that the last request had, as counted or estimated
  std::size_t seen_ = 0;
  std::int64_t input_ = 0;
  std::int64_t output_ = 0;
  double cost_ = 0;
  std::int64_t untold_ = 0;  // tokens …
  double untold_cost_ = 0;
  std::int64_t aside_tokens_ = 0;
  double aside_cost_ = 0;
};

}  // namespace troupe::agents
