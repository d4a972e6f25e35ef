#include "agents/chains/rewriting_model.h"

#include "memory/knowledge/search/rewrite.h"

#include <utility>

namespace troupe::agents {

namespace {

/// What became of the rewriting is told from its remark.
class NoEvents final : public EventSink {
 public:
  void publish(Event) override {}
};

}  // namespace

Task<Chained<std::string>> RewritingModel::rewrite(Loop& loop, const prompts::Prompt& prompt,
                                                   std::vector<models::Message> history, std::string question,
                                                   Stop& stop) {
  NoEvents events;
  CallContext context{.loop = loop, .stop = stop, .deadline = {}, .events = events};
  const models::UseSink counted = [](const models::ModelUse&) {};  // as the chain's call
  auto alone = co_await memory::standalone_question(*this, prompt, std::move(history), std::move(question),
                                                    counted, context);
  if (end_ && (end_->status != "failed" || !alone)) co_return std::unexpected(*end_);
  if (!alone) co_return std::unexpected(ChainEnd{.status = "cancelled", .reason = "cancelled"});
  if (!alone->remark.empty()) calls_.warn(key_ + ".remark", step_, "rewrite_failed", alone->remark);
  co_return std::move(alone->question);
}

Task<Result<models::ModelReply>> RewritingModel::complete(models::ModelRequest request,
                                                          models::TokenSink& sink, CallContext& context) {
  auto reply = co_await calls_.ask({.key = key_,
                                    .step = step_,
                                    .model = model_,
                                    .messages = request.transcript->messages(),
                                    .intent = request.intent},
                                   context.stop);
  if (reply) {
    (void)sink.on_text(reply->text);
    co_return std::move(*reply);
  }
  end_ = std::move(reply.error());
  co_return fail(ErrorCode::model, end_->detail);
}

}  // namespace troupe::agents
