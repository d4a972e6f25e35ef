#include "agents/teams/patterns/turn.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

std::string told_failure(const Reply& reply) {
  std::string told = fmt::format("{} ended as {} ({})", reply.from, reply.status, reply.reason);
  if (!reply.detail.empty()) told += ": " + reply.detail;
  return told;
}

TeamEnd failed_by(const Reply& reply, const Stop& stop) {
  if (stop.requested() && reply.status == "cancelled") return cancelled_end();
  return {.status = "failed", .reason = "member_failed", .detail = told_failure(reply)};
}

Task<Teamed<Reply>> asked(Crew& crew, Ask ask, Stop& stop) {
  if (stop.requested()) co_return std::unexpected(cancelled_end());
  const std::string to = ask.to;
  auto reply = co_await crew.ask(std::move(ask), stop);
  if (reply && reply->from.empty()) reply->from = to;
  co_return reply;
}

}  // namespace

TeamEnd cancelled_end() {
  return {.status = "cancelled", .reason = "cancelled"};
}

Task<Teamed<std::optional<Reply>>> take_turn(Crew& crew, Ask ask, Stop& stop) {
  const FailurePolicy& policy = crew.settings().failure;
  const std::string key = ask.key;
  auto reply = co_await asked(crew, ask, stop);
  if (policy.on_failure == OnFailure::retry)
    for (int i = 1; i <= policy.retries && reply && !reply->done(); ++i) {
      ask.key = fmt::format("{}.again{}", key, i);
      reply = co_await asked(crew, ask, stop);
    }
  if (!reply) co_return std::unexpected(std::move(reply.error()));
  if (reply->done()) co_return std::move(*reply);
  if (stop.requested()) co_return std::unexpected(failed_by(*reply, stop));
  if (policy.on_failure == OnFailure::skip) {
    crew.warn(key + ".skipped", "member_skipped", told_failure(*reply));
    co_return std::nullopt;
  }
  if (policy.on_failure != OnFailure::substitute || policy.substitute == ask.to)
    co_return std::unexpected(failed_by(*reply, stop));
  ask.key = key + ".instead";
  ask.to = policy.substitute;
  auto other = co_await asked(crew, std::move(ask), stop);
  if (!other) co_return std::unexpected(std::move(other.error()));
  if (!other->done()) co_return std::unexpected(failed_by(*other, stop));
  co_return std::move(*other);
}

}  // namespace troupe::agents
