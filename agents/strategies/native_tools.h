#pragma once

#include "agents/strategies/json_steps.h"

namespace troupe::agents {

/// `tools`: the tools are declared to the provider, which brings calls beside the text. Text beside calls is
/// the thought, text alone the answer. A model that writes its call as text all the same is read, too.
class NativeTools final : public JsonSteps {
 public:
  std::unique_ptr<Strategy> clone() const override { return std::make_unique<NativeTools>(*this); }
  StepParserOptions parser() const override { return {.dialect = Dialect::native_tools}; }
  std::optional<ReplyForm> form() const override { return ReplyForm{.answer = true}; }
  models::ToolMode tool_mode() const override { return models::ToolMode::native; }
  Reading read(const models::ModelReply& reply, const ParsedStep& parsed) override;
  models::Message said(const models::ModelReply& reply, std::size_t consumed) const override;
  void observed(models::Transcript& transcript, const std::vector<Observation>& observations) const override;
  models::Message rewritten(models::Message message,
                            const std::vector<Observation>& observations) const override;
  void retold(models::Transcript& transcript, const std::string& thought,
              const std::vector<models::ToolCall>& calls,
              const std::vector<Observation>& observations) const override;
  std::string answered(const std::string& text) const override { return text; }
  std::string example(const Example& example) const override;

 private:
  std::vector<models::ToolCall> calls_;  // of the last reply, each with an id of its own
  int made_up_ids_ = 0;
};

}  // namespace troupe::agents
