#include "agents/teams/patterns/failure.h"

#include "agents/strategies/untrusted.h"
#include "agents/teams/limits.h"
#include "models/builtin/utf8.h"

#include <functional>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

/// The ways to have one thing done.
struct Attempts {
  std::string key;
  std::string what;  // for people: who was asked for it, and what
  std::function<Task<Teamed<Reply>>(std::string key, const Reply* failed)> ask;
  std::function<Task<Teamed<Reply>>(std::string key, const Reply& failed)> substitute;
};

TeamEnd member_failed(const Attempts& attempts, std::string became) {
  return {.status = "failed",
          .reason = std::string(kMemberFailed),
          .detail = fmt::format("{}: {}", attempts.what, became)};
}

bool ended_by(const Stop& stop, const Reply& reply) {
  return stop.requested() && reply.status == "cancelled";
}

// What `policy` has left to try, in order; `failed` is what became of the attempt before.
Task<Teamed<Reply>> retried(const Attempts& attempts, int retries, Reply failed, Stop& stop) {
  for (int again = 1; again <= retries && !failed.done() && !ended_by(stop, failed); ++again) {
    auto reply = co_await attempts.ask(fmt::format("{}.again{}", attempts.key, again), &failed);
    if (!reply) co_return std::unexpected(std::move(reply.error()));
    failed = std::move(*reply);
  }
  co_return failed;
}

Task<Teamed<std::optional<Reply>>> by_policy(Crew& crew, const Attempts& attempts,
                                             const FailurePolicy& policy, Stop& stop) {
  auto reply = co_await attempts.ask(attempts.key, nullptr);
  if (!reply) co_return std::unexpected(std::move(reply.error()));
  std::string became = told_failure(*reply);
  if (!reply->done() && !ended_by(stop, *reply)) {
    switch (policy.on_failure) {
      case OnFailure::fail:
        break;
      case OnFailure::skip:
        crew.warn(attempts.key + ".skipped", "member_skipped",
                  fmt::format("{}: {}; the team goes on without it", attempts.what, became));
        co_return std::optional<Reply>();
      case OnFailure::retry:
        reply = co_await retried(attempts, policy.retries, std::move(*reply), stop);
        if (reply && !reply->done())
          became = fmt::format("{}, the last of {} attempts", told_failure(*reply), policy.retries + 1);
        break;
      case OnFailure::substitute:
        reply = co_await attempts.substitute(attempts.key + ".instead", *reply);
        if (reply && !reply->done())
          became += fmt::format("; then `{}` in its place: {}", policy.substitute, told_failure(*reply));
        break;
    }
  }
  if (!reply) co_return std::unexpected(std::move(reply.error()));
  if (reply->done()) co_return std::optional(std::move(*reply));
  if (ended_by(stop, *reply)) co_return std::unexpected(team_cancelled());
  co_return std::unexpected(member_failed(attempts, std::move(became)));
}

std::string shown(std::string_view text) {
  const auto line = text.substr(0, text.find('\n'));
  const auto clipped = models::builtin::clip(line, limits::kConditionShownBytes);
  return fmt::format("“{}{}”", clipped, clipped.size() < text.size() ? "…" : "");
}

// The end of a text makes room for what is added: without that a retry would only repeat itself.
std::string with(std::string_view text, const std::string& added) {
  const std::size_t room = limits::kTeamTextBytes - std::min(added.size(), limits::kTeamTextBytes);
  return fmt::format("{}{}", models::builtin::clip(text, room), added);
}

}  // namespace

TeamEnd team_cancelled() {
  return {.status = "cancelled", .reason = "cancelled"};
}

std::string told_failure(const Reply& reply) {
  std::string told = reply.status;
  if (!reply.reason.empty() && reply.reason != reply.status) told += fmt::format(" ({})", reply.reason);
  if (!reply.detail.empty()) told += ": " + reply.detail;
  return std::string(models::builtin::clip(told, limits::kTeamFailureBytes));
}

Task<Teamed<std::optional<Reply>>> ask_by_policy(Crew& crew, Ask ask, const FailurePolicy& policy,
                                                 Stop& stop) {
  Attempts attempts{.key = ask.key};
  attempts.what = fmt::format("`{}` was asked for {}{}, {}", ask.to, ask.key,
                              ask.task.empty() ? "" : fmt::format(" (task `{}`)", ask.task), shown(ask.text));
  attempts.ask = [&](std::string key, const Reply* failed) {
    Ask next = ask;
    next.key = std::move(key);
    if (failed)
      next.text = with(ask.text, fmt::format("\n\nAn earlier attempt at this ended without a result: {}\n"
                                             "Go about it in a way that avoids that.",
                                             untrusted_lines(told_failure(*failed))));
    return crew.ask(std::move(next), stop);
  };
  attempts.substitute = [&](std::string key, const Reply&) {
    Ask next = ask;
    next.key = std::move(key);
    next.to = policy.substitute;
    return crew.ask(std::move(next), stop);
  };
  co_return co_await by_policy(crew, attempts, policy, stop);
}

Task<Teamed<std::optional<Reply>>> call_by_policy(Crew& crew, ToolAsk ask, const FailurePolicy& policy,
                                                  Stop& stop) {
  Attempts attempts{.key = ask.key};
  attempts.what =
      fmt::format("the tool `{}` was called for {}, {}", ask.tool, ask.key, shown(dump(ask.input)));
  attempts.ask = [&](std::string key, const Reply*) {
    ToolAsk next = ask;
    next.key = std::move(key);
    return crew.call_tool(std::move(next), stop);
  };
  attempts.substitute = [&](std::string key, const Reply& failed) {
    Ask next{.key = std::move(key), .to = policy.substitute};
    next.text = with(fmt::format("A call of the tool `{}` with this input failed:\n{}\n", ask.tool,
                                 untrusted_json(ask.input)),
                     fmt::format("What became of it: {}\n\nGive what it was to give.",
                                 untrusted_lines(told_failure(failed))));
    return crew.ask(std::move(next), stop);
  };
  co_return co_await by_policy(crew, attempts, policy, stop);
}

}  // namespace troupe::agents
