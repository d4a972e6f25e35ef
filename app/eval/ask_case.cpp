#include "app/eval/ask_case.h"

#include "runtime/async/nursery.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace troupe::app {

namespace {

std::int64_t count_in(const Json& event, std::string_view key) {
  const Json* value = find(event, key);
  return value && value->is_number_integer() ? value->get<std::int64_t>() : 0;
}

// A run that cannot be cancelled any more has ended, which is what was wanted.
Task<> cancel(Peer& peer, std::string run) {
  (void)co_await peer.cancel(std::move(run), agents::CancelMode::now);
}

/// Reads the events of one run until its end.
class CaseRun {
 public:
  CaseRun(Peer& peer, AskedCase& asked) : peer_(peer), asked_(asked) {}

  Task<Result<>> follow(Nursery& nursery, Stop& gone) {
    for (;;) {
      const auto text = co_await peer_.next(gone);
      if (!text) co_return fail(text.error());
      const auto event = parse_json(*text);
      if (!event || string_or(*event, "run") != asked_.run) continue;
      const std::string type = string_or(*event, "type");
      if (type == "answer") answer_ = string_or(*event, "text");
      if (type == "approval.required") {
        needs_ = fmt::format("a person would have to allow the call of `{}`", string_or(*event, "tool"));
        nursery.spawn("cancel", [this] { return cancel(peer_, asked_.run); });
      }
      if (type != "run.finished") continue;
      finished(*event);
      co_return Result<>();
    }
  }

 private:
  void finished(const Json& event) {
    asked_.ms = count_in(event, "ms");
    asked_.input_tokens = count_in(event, "input_tokens");
    asked_.output_tokens = count_in(event, "output_tokens");
    if (const Json* cost = find(event, "cost"); cost && cost->is_number()) asked_.cost = cost->get<double>();
    const std::string status = string_or(event, "status");
    if (answer_ && (status == "done" || status == "limit"))
      asked_.answer = std::move(*answer_);
    else if (!needs_.empty())
      asked_.failure = needs_;
    else
      asked_.failure = fmt::format("{}: {}", status, string_or(event, "reason"));
  }

  Peer& peer_;
  AskedCase& asked_;
  std::optional<std::string> answer_;
  std::string needs_;
};

}  // namespace

Task<Result<AskedCase>> ask_case(Loop& loop, Peer& peer, std::string target, Outgoing message,
                                 Stop& cancelled, Stop& gone) {
  AskedCase asked;
  auto session = co_await peer.open("", std::move(target), std::nullopt);
  if (!session) co_return fail(std::move(session.error()));
  asked.session = std::move(*session);
  auto run = co_await peer.send(std::move(message));
  if (!run && run.error().code == ErrorCode::network) co_return fail(std::move(run.error()));
  if (!run) {
    asked.failure = run.error().message;
    co_return asked;
  }
  asked.run = std::move(*run);
  Nursery nursery(loop);
  auto hook = cancelled.on_request(
      [&] { nursery.spawn("cancel", [&peer, &asked] { return cancel(peer, asked.run); }); });
  CaseRun following(peer, asked);
  auto done = co_await following.follow(nursery, gone);
  hook.reset();
  co_await nursery.join();
  if (!done) co_return fail(std::move(done.error()));
  co_return asked;
}

}  // namespace troupe::app
