#pragma once

#include "agents/strategies/strategy.h"

namespace troupe::agents {

/// Steps in labelled lines: `react_text`, `conversational`, and what the others in lines have in common.
class TextLabels : public Strategy {
 public:
  /// `dialect`: text_labels or another one in lines.
  explicit TextLabels(Dialect dialect) : dialect_(dialect) {}

  std::unique_ptr<Strategy> clone() const override { return std::make_unique<TextLabels>(*this); }
  StepParserOptions parser() const override { return {.dialect = dialect_}; }
  std::vector<std::string> stop() const override;
  void observed(models::Transcript& transcript, const std::vector<Observation>& observations) const override;
  models::Message corrected(const std::string& reason) const override;
  std::string answered(const std::string& text) const override;
  std::string called(const ExampleStep& step) const override;
  std::string example(const Example& example) const override;

 protected:
  /// The lines of a call, from "Action:" on.
  virtual std::string call_lines(const ExampleStep& step) const;
  /// The label in front of what a tool gave.
  virtual std::string_view result_label() const { return "Observation"; }

 private:
  const Dialect dialect_;
};

/// An example's answer as text.
std::string answer_text(const Example& example);

}  // namespace troupe::agents
