#pragma once

#include "agents/strategies/json_steps.h"

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::agents {

/// Steps of one plan at most.
inline constexpr std::size_t kPlanSteps = 20;

/// `plan_execute`: the model plans, is given the steps of its plan one by one, and answers when all are done.
/// The result of a step is written like an answer. A plan can be replaced once, by what a step brought to
/// light. A question that needs no plan may be answered, or worked on, at once.
class PlanExecute final : public JsonSteps {
 public:
  std::unique_ptr<Strategy> clone() const override { return std::make_unique<PlanExecute>(*this); }
  std::optional<ReplyForm> form() const override {
    return ReplyForm{.plan = phase_ != Phase::answering, .output = phase_ != Phase::working};
  }
  bool answering() const override { return phase_ != Phase::working; }
  void last_call() override { phase_ = Phase::answering; }
  Reading read(const models::ModelReply& reply, const ParsedStep& parsed) override;
  std::string example(const Example& example) const override;

 private:
  enum class Phase { planning, working, answering };

  Reading take_plan(std::vector<std::string> plan, std::string thought);
  Onward next();

  Phase phase_ = Phase::planning;
  std::vector<std::string> plan_;
  std::size_t done_ = 0;
  bool replanned_ = false;
};

}  // namespace troupe::agents
