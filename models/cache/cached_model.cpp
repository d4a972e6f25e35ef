#include "models/cache/cached_model.h"

#include "models/cache/replay.h"
#include "models/cache/reply_key.h"

namespace troupe::models {

namespace {

using Kind = Flights::Landing::Kind;

bool worth_keeping(const ModelReply& reply) {
  if (reply.finish == FinishReason::tool_calls) return !reply.tool_calls.empty();
  return reply.finish == FinishReason::stop && (!reply.text.empty() || !reply.tool_calls.empty());
}

// What ended for reasons of who asked says nothing about the model: also what was not tried, or not again,
// because the deadline comes before its turn does. Another may have more time.
bool own_end(const Error& error, const CallContext& context) {
  const Milliseconds left = context.deadline.remaining(context.loop.clock().now());
  const bool no_time = (error.code == ErrorCode::timeout && !error.retryable) ||
                       (error.retryable && error.retry_after && *error.retry_after >= left);
  return no_time || context.stop.requested() || error.code == ErrorCode::cancelled || left <= Milliseconds(0);
}

}  // namespace

CachedModel::CachedModel(std::shared_ptr<Model> model, std::string identity, std::chrono::milliseconds ttl,
                         ReplyCache& cache, Flights& flights)
    : model_(std::move(model)), identity_(std::move(identity)), ttl_(ttl), cache_(cache), flights_(flights) {}

Task<Result<ModelReply>> CachedModel::complete(ModelRequest request, TokenSink& sink, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped("model " + name(), context.stop.reason()));
  const std::string key = reply_key(context.principal.tenant, identity_, request);
  while (flights_.has(key)) {
    const Flights::Landing landing = co_await flights_.wait(key, name(), context);
    if (landing.kind == Kind::reply) co_return co_await replay(*landing.reply, sink, context);
    if (landing.kind == Kind::alone) co_return co_await model_->complete(std::move(request), sink, context);
    if (landing.kind != Kind::abandoned) co_return fail(landing.error);
  }
  co_return co_await lead(key, std::move(request), sink, context);
}

Task<Result<ModelReply>> CachedModel::lead(std::string key, ModelRequest request, TokenSink& sink,
                                           CallContext& context) {
  auto lead = flights_.lead(key);
  if (auto known = co_await cache_.get(key, ttl_, context.stop)) {
    lead->land({Kind::reply, known, {}});
    co_return co_await replay(*known, sink, context);
  }
  if (context.stop.requested()) co_return fail(stopped("model " + name(), context.stop.reason()));
  Result<ModelReply> reply = co_await model_->complete(std::move(request), sink, context);
  if (!reply) {
    if (!own_end(reply.error(), context)) lead->land({Kind::failed, nullptr, reply.error()});
    co_return reply;
  }
  auto kept = std::make_shared<const ModelReply>(*reply);
  if (worth_keeping(*kept)) cache_.put(key, kept, ttl_);
  const bool whole = kept->finish != FinishReason::closed_early;
  lead->land({whole ? Kind::reply : Kind::alone, std::move(kept), {}});
  co_return reply;
}

}  // namespace troupe::models
