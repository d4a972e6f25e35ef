#pragma once

#include "agents/guardrails/rule.h"
#include "models/message.h"
#include "models/model.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <memory>

namespace troupe::agents {

/// What came of one request to a model that judges.
struct JudgeReply {
  Result<models::ModelReply> reply;
  models::Usage lost;  ///< an estimate, where a stop ended the call: what it had written until then
  std::int64_t ms = 0;
};

/// Asks the model of a rule once. Its stream is closed when it has written `tokens_max`, reasoning included,
/// and the reply is what came until then. `input`: tokens of the request, estimated. The rule outlives it.
Task<JudgeReply> ask_judge(const Rule& rule, std::shared_ptr<const models::Transcript> transcript,
                           std::int64_t input, std::int64_t tokens_max, CallContext context);

/// How many tokens a request to the model of a rule has, counted or estimated.
std::int64_t request_tokens(const Rule& rule, const models::Transcript& transcript);

}  // namespace troupe::agents
