#pragma once

#include "agents/chains/chain_calls.h"
#include "models/model.h"
#include "prompts/prompt.h"
#include "runtime/async/loop.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// The model that makes a question stand alone, as memory::standalone_question() asks it: its call is one of
/// the chain's, with all that goes with it. Once.
class RewritingModel final : public models::Model {
 public:
  RewritingModel(ChainCalls& calls, std::shared_ptr<const ChainModel> model, std::string key, int step)
      : calls_(calls), model_(std::move(model)), key_(std::move(key)), step_(step) {}

  /// The question, standing alone. A model that cannot is no error: the question stays as it is, with a
  /// warning. Ends: limit, cancelled.
  Task<Chained<std::string>> rewrite(Loop& loop, const prompts::Prompt& prompt,
                                     std::vector<models::Message> history, std::string question, Stop& stop);

  Task<Result<models::ModelReply>> complete(models::ModelRequest request, models::TokenSink& sink,
                                            CallContext& context) override;
  const std::string& name() const override { return model_->name; }

 private:
  ChainCalls& calls_;
  const std::shared_ptr<const ChainModel> model_;
  const std::string key_;
  const int step_;
  std::optional<ChainEnd> end_;
};

}  // namespace troupe::agents
