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

/// Asks the model of a rule once. Its stream is closed when it has written what `allowed` says or
/// `tokens_max`, reasoning included, and the reply is what came until then; a fallback may write what is
/// allowed at its price in `prices`. Rule and prices outlive it.
Task<JudgeReply> ask_judge(const Rule& rule, std::shared_ptr<const models::Transcript> transcript,
                           Allowance allowed, std::int64_t tokens_max, const models::PriceList& prices,
                           CallContext context);

/// About how many tokens a request to a judge has.
std::int64_t request_tokens(const models::Transcript& transcript);

}  // namespace troupe::agents
