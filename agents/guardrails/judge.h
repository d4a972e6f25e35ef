#pragma once

#include "agents/guardrails/rule.h"
#include "agents/react/budget.h"
#include "models/message.h"
#include "models/model.h"
#include "models/price.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace troupe::agents {

/// What came of one request to a model that judges.
struct JudgeReply {
  Result<models::ModelReply> reply;
  models::Usage lost;  ///< an estimate, where a stop ended the call: what it had written until then
  std::string entry;   ///< who wrote: a fallback of the rule's model, or ""
  std::int64_t ms = 0;
};

/// What a judge's call holds of budgets that others spend from, too.
struct JudgeRoom {
  /// Told how many tokens it has written in all. False closes its stream.
  std::function<bool(std::int64_t tokens)> written;
  /// Told what the entry costs that is to write from now on. False: there is no room for its request.
  std::function<bool(const std::optional<models::Price>& price)> served_at;
};

/// Asks the model of a rule once. Its stream is closed when it has written what `allowed` says or
/// `tokens_max`, reasoning included, or `room` says so, and the reply is what came until then; a fallback may
/// write what is allowed at its price in `prices`. Rule and prices outlive it.
Task<JudgeReply> ask_judge(const Rule& rule, std::shared_ptr<const models::Transcript> transcript,
                           Allowance allowed, std::int64_t tokens_max, const models::PriceList& prices,
                           CallContext context, JudgeRoom room);

/// How many tokens a request to the model of a rule has, counted or estimated.
std::int64_t request_tokens(const Rule& rule, const models::Transcript& transcript);

}  // namespace troupe::agents
