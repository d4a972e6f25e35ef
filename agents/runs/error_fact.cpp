#include "agents/runs/error_fact.h"

#include "agents/runs/fact_fields.h"

#include <chrono>

namespace troupe::agents {

Json error_to_fact(const Error& error) {
  Json fact = {{"code", word(error.code)}, {"message", error.message}};
  if (error.retryable) fact["retryable"] = true;
  if (error.status != 0) fact["status"] = error.status;
  if (error.retry_after) fact["retry_after_ms"] = error.retry_after->count();
  return fact;
}

Error error_from_fact(const Json& fact) {
  Error error{.code = ErrorCode::internal,
              .message = string_or(fact, "message"),
              .retryable = flag(fact, "retryable"),
              .status = static_cast<int>(number_or(fact, "status"))};
  const std::string code = string_or(fact, "code");
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i)
    if (code == word(static_cast<ErrorCode>(i))) error.code = static_cast<ErrorCode>(i);
  if (const Json* after = find(fact, "retry_after_ms"))
    if (after->is_number_integer()) error.retry_after = std::chrono::milliseconds(after->get<std::int64_t>());
  return error;
}

}  // namespace troupe::agents
