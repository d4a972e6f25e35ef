#include "runtime/telemetry/log.h"
#include "tools/mcp/said.h"
#include "tools/mcp/server_link.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::tools::mcp {

namespace {

void publish(const Progress& progress, const Secrets& hidden, CallContext& context) {
  Event event{.type = "tool.progress",
              .session = context.session,
              .run = context.run,
              .agent = context.agent,
              .step = context.step};
  const bool known = progress.total && *progress.total > 0;
  const std::string number = plain_number(progress.progress);
  event.fields["text"] = !progress.message.empty() ? redact(progress.message, hidden)
                         : known ? fmt::format("{} of {}", number, plain_number(*progress.total))
                                 : number;
  if (known) event.fields["fraction"] = std::clamp(progress.progress / *progress.total, 0.0, 1.0);
  context.events.publish(std::move(event));
}

/// Passes progress on, but not faster than anybody can read it.
class ProgressEvents {
 public:
  ProgressEvents(CallContext& context, const Secrets& hidden) : context_(context), hidden_(hidden) {}
  void operator()(const Progress& progress) {
    const Instant now = context_.loop.clock().now();
    if (now < next_) return;
    next_ = now + bounds::kProgressEvery;
    publish(progress, hidden_, context_);
  }

 private:
  CallContext& context_;
  const Secrets& hidden_;
  Instant next_{};
};

}  // namespace

Task<Result<Json>> Server::request(Request request, Milliseconds idle, CallContext& context) {
  request.progress = true;
  co_return co_await carry_out([request](Session& session) { return session.call(request); }, idle, context);
}

Task<Result<Json>> Server::collect(std::string method, std::string key, CallContext& context) {
  co_return co_await carry_out([method, key](Session& session) { return session.collect(method, key); },
                               Milliseconds(0), context);
}

Task<Result<Json>> Server::carry_out(Begin begin, Milliseconds idle, CallContext& context) {
  for (bool again = true;; again = false) {
    if (auto ready = co_await until_ready(context); !ready)
      co_return fail(told(std::move(ready.error()), false));
    const auto link = link_;
    auto call = begin(link->session);
    if (!call) co_return fail(told(std::move(call.error()), false));
    bool resend = false;
    auto result = co_await wait_for(link, *call, idle.count() > 0 ? idle : Milliseconds(bounds::kIdle),
                                    &context, resend);
    if (result) {
      mask(*result, hidden_);
      co_return result;
    }
    if (resend && again) continue;
    if (resend) result.error().code = ErrorCode::unavailable;
    co_return fail(told(std::move(result.error()), !resend));
  }
}

Task<Result<>> Server::until_ready(CallContext& context) {
  const auto until =
      Deadline::after(loop_.clock(), services_.patience.wait_for_server).sooner(context.deadline);
  const Stop& stop = context.stop;
  while (!reachable()) {
    if (stop.requested() && stop.reason() != StopReason::deadline) break;
    // Also where its time is up: what never left is told apart from what nobody knows the end of.
    if (stop.requested() || closing_.requested() || until.expired(loop_.clock().now()))
      co_return fail(ErrorCode::unavailable, state());
    if (pause_) pause_->request(StopReason::cancelled);
    OneShot<bool> news(loop_);
    const auto place = waiters_.insert(waiters_.end(), &news);
    const auto alarm = loop_.at(until.at(), [&news] { news.set(false); });
    const auto hook = context.stop.on_request([&news] { news.set(false); });
    co_await news.wait();
    waiters_.erase(place);
  }
  if (stop.requested()) co_return fail(stopped("the call", stop.reason()));
  co_return Result<>{};
}

Task<Result<Json>> Server::wait_for(std::shared_ptr<Link> link, CallId call, Milliseconds idle,
                                    CallContext* context, bool& resend) {
  Waiting waiting(loop_);
  link->calls.emplace(call, &waiting);
  perform(link);

  const auto give_up = [&](std::string_view why, Error error) {
    if (waiting.answer.is_set()) return;
    link->calls.erase(call);
    link->session.cancel(call, why);
    waiting.answer.set(fail(std::move(error)));
    perform(link);
  };
  Loop::Alarm alarm;
  const auto arm = [&] {
    alarm = loop_.at(loop_.clock().now() + idle, [&] {
      give_up("no answer in time",
              {ErrorCode::timeout, fmt::format("no answer and no progress for {:g} s",
                                               std::chrono::duration<double>(idle).count())});
    });
  };
  arm();
  std::optional<ProgressEvents> events;
  if (context) events.emplace(*context, hidden_);
  waiting.progressed = [&](const Progress& progress) {
    arm();
    if (events) (*events)(progress);
  };
  Stop& stop = context ? context->stop : link->over;
  const auto hook =
      stop.on_request([&] { give_up("nobody waits for it any more", stopped("the call", stop.reason())); });
  auto result = co_await waiting.answer.wait();
  resend = waiting.resend;
  co_return result;
}

Error Server::told(Error error, bool sent) const {
  if (error.code == ErrorCode::cancelled) return error;
  error.message = fmt::format("MCP server `{}`: {}", settings_.name, redact(error.message, secrets_));
  const bool unclear = error.code == ErrorCode::network || error.code == ErrorCode::timeout ||
                       error.code == ErrorCode::protocol;
  if (sent && unclear)
    error.message = with_sentence(std::move(error.message), "Whether the call was carried out is not known");
  if (error.code == ErrorCode::unavailable)
    error.message = with_sentence(std::move(error.message), "Try again later, or go on without it");
  return error;
}

void Server::perform(const std::shared_ptr<Link>& link) {
  if (std::exchange(link->performing, true)) return;  // the outer one goes on with what was added
  for (auto actions = link->session.take(); !actions.empty(); actions = link->session.take())
    for (Action& action : actions) perform(link, std::move(action));
  link->performing = false;
  if (link->leaving && link->calls.empty() && !link->over.requested()) lose(link, link->why);
}

void Server::perform(const std::shared_ptr<Link>& link, Action action) {
  const auto waiting = [&](CallId call) {
    const auto found = link->calls.find(call);
    return found == link->calls.end() ? nullptr : found->second;
  };
  if (auto* send = std::get_if<Send>(&action)) link->transport->send(std::move(*send));
  if (auto* left = std::get_if<Abandon>(&action)) link->transport->abandon(left->call);
  if (std::get_if<Opened>(&action)) link->news.request(StopReason::cancelled);
  if (auto* progress = std::get_if<Progress>(&action))
    if (Waiting* one = waiting(progress->call)) one->progressed(*progress);
  if (auto* answer = std::get_if<Answer>(&action)) {
    if (Waiting* one = waiting(answer->call)) {
      link->calls.erase(answer->call);
      one->answer.set(std::move(answer->result));
    } else if (answer->call == link->listening && !link->over.requested()) {
      // A server that says no is not asked again.
      const bool refused = !answer->result && answer->result.error().code == ErrorCode::tool;
      if (!refused) nursery_.spawn("a subscription", [this, link] { return hear_again(link); });
    }
  }
  if (auto* failed = std::get_if<Failed>(&action)) {
    link->why = std::move(failed->why);
    link->news.request(StopReason::cancelled);
    link->over.request(StopReason::cancelled);
  }
  if (auto* changed = std::get_if<ListChanged>(&action); changed && changed->list == ListChanged::List::tools)
    nursery_.spawn("a list of tools", [this, link] { return relist(link); });
  if (auto* said = std::get_if<Remark>(&action)) {
    const std::string remark = redact(said->text, secrets_);
    if (said->warning)
      log::warn("an MCP server", {{"server", settings_.name}, {"remark", remark}});
    else
      log::debug("an MCP server", {{"server", settings_.name}, {"remark", remark}});
  }
}

void Server::on_message(std::string_view text) {
  const auto link = link_;
  link->session.receive(text);
  perform(link);
}

void Server::on_refused(CallId call, int status, std::string body) {
  const auto link = link_;
  link->session.refused(call, status, body);
  perform(link);
}

void Server::on_unanswered(CallId call, Error why) {
  const auto link = link_;
  link->session.unanswered(call, std::move(why));
  perform(link);
}

void Server::on_unsent(CallId call, Error why) {
  const auto link = link_;
  if (const auto found = link->calls.find(call); found != link->calls.end()) found->second->resend = true;
  // A server that refuses connections is away, though nothing of the session has ended. What was sent to it
  // before may still be answered.
  if (link->session.is_open() && !std::exchange(link->leaving, true)) link->why = why;
  link->session.unanswered(call, std::move(why));
  perform(link);
}

void Server::on_session_gone(CallId call) {
  const auto link = link_;
  if (const auto found = link->calls.find(call); found != link->calls.end()) found->second->resend = true;
  on_lost({.code = ErrorCode::network, .message = "the server has forgotten our session", .retryable = true});
}

void Server::on_lost(Error why) {
  lose(link_, std::move(why));
}

void Server::lose(const std::shared_ptr<Link>& link, Error why) {
  link->why = std::move(why);
  link->leaving = false;  // it has left
  link->session.lost(link->why);
  perform(link);
  link->news.request(StopReason::cancelled);
  link->over.request(StopReason::cancelled);
}

bool Server::waits_for(CallId call) const {
  return link_ && link_->session.waits_for(call);
}

}  // namespace troupe::tools::mcp
