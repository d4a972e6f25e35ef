#pragma once

#include "agents/strategies/strategy.h"

namespace troupe::agents {

/// `react`: one JSON object a reply, observations and corrections as JSON objects.
class JsonSteps : public Strategy {
 public:
  std::unique_ptr<Strategy> clone() const override { return std::make_unique<JsonSteps>(*this); }
  StepParserOptions parser() const override { return {.dialect = Dialect::json_steps}; }
  std::optional<ReplyForm> form() const override { return ReplyForm{}; }
  void observed(models::Transcript& transcript, const std::vector<Observation>& observations) const override;
  models::Message corrected(const std::string& reason) const override;
  std::string answered(const std::string& text) const override;
  std::string called(const ExampleStep& step) const override;
  std::string example(const Example& example) const override;
};

}  // namespace troupe::agents
