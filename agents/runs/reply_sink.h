#pragma once

#include "agents/react/step_parser.h"
#include "agents/runs/run_record.h"
#include "agents/strategies/strategy.h"
#include "models/model.h"
#include "models/stream_budget.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// Reads a reply while the model writes it: deltas go out, and the stream is closed once a step is decided or
/// the call's budget is spent. Lives as long as its call. Loop thread only.
class ReplySink final : public models::TokenSink {
 public:
  /// `record` and `strategy` outlive the sink. `attempt` counts the requests of this step from 1.
  /// `hold_answers`: no piece of an answer goes out.
  ReplySink(RunRecord& record, const Strategy& strategy, int step, std::int64_t tokens_max, int attempt = 1,
            bool hold_answers = false);

  /// Called when the budget is spent on reasoning, where on_text cannot say so.
  std::function<void()> spent_on_reasoning;
  /// Told how many tokens the model has written in all. False: what others spend from, too, is spent.
  std::function<bool(std::int64_t tokens)> room;
  /// Called when another entry of `models:` is to write what follows: what it may write at its price;
  /// nothing: its request alone is more than may be spent.
  std::function<std::optional<std::int64_t>(const std::string& entry)> allowed_at;

  bool on_text(std::string_view text) override;
  void on_reasoning(std::string_view text) override;
  void on_reset(int attempt) override;
  bool on_entry(const std::string& entry) override;

  ParsedStep finish();
  /// What was shown and came to be something else is void: an answer beside tool calls or one that does not
  /// fit, thoughts of a reply that could not be used.
  void settle(const Reading& made);
  /// Everything that was shown is void.
  void take_back();

  /// The budget ended before the step was complete.
  bool cut() const { return cut_; }
  /// Who writes: a fallback, or "".
  const std::string& entry() const { return entry_; }
  /// Of everything that the model wrote.
  std::int64_t tokens() const { return budget_.tokens(); }

 private:
  void flush();
  bool take(std::string_view text);

  RunRecord& record_;
  const Strategy& strategy_;
  const int step_;
  models::StreamBudget budget_;
  const bool hold_answers_;
  std::unique_ptr<StepParser> parser_;
  std::vector<StepDelta> deltas_;
  int attempt_;
  bool cut_ = false;
  bool shown_ = false;
  std::string answer_;  // as shown
  std::string entry_;
};

}  // namespace troupe::agents
