#include "gateway/http/run_routes.h"

#include "agents/runs/run_json.h"
#include "agents/runs/run_tree.h"
#include "gateway/http/event_stream.h"
#include "gateway/http/json_body.h"
#include "gateway/protocol/fields.h"
#include "runtime/async/one_shot.h"
#include "runtime/base/suggest.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace troupe::gateway {

namespace {

net::ServerReply invalid(std::string_view message) {
  return net::error_reply(400, "invalid", message);
}

/// The first key of a body that is none of `known`; "" where there is none.
std::string unknown_key(const Json& body, const std::vector<std::string>& known) {
  for (const auto& [key, value] : body.items())
    if (std::ranges::find(known, key) == known.end())
      return fmt::format("/{}: there is no such key here{}", key.substr(0, 40), did_you_mean(key, known));
  return "";
}

struct Beginning {
  agents::Submission submission;
  bool wait = false;
  bool stream = false;
};

Result<Beginning> beginning_of(const Json& body, const HttpCall& call) {
  if (std::string wrong =
          unknown_key(body, {"target", "input", "session", "inputs", "attachments", "wait", "stream"});
      !wrong.empty())
    return fail(ErrorCode::invalid, std::move(wrong));
  Fields fields(body);
  Beginning begin;
  begin.submission = {.principal = call.principal,
                      .session = fields.id("session", false),
                      .target = fields.name("target"),
                      .message_id = std::string(call.request.header("idempotency-key")),
                      .text = fields.any_text("input"),
                      .inputs = fields.object("inputs"),
                      .attachments = fields.images("attachments")};
  begin.wait = fields.flag("wait");
  begin.stream = fields.flag("stream");
  if (!fields.problem().empty()) return fail(ErrorCode::invalid, fields.problem());
  if (begin.wait && begin.stream)
    return fail(ErrorCode::invalid, "`wait` and `stream` exclude each other: a stream lasts to the end");
  if (call.request.count("idempotency-key") == 0) return begin;
  if (call.request.count("idempotency-key") > 1 || !sane_id(begin.submission.message_id))
    return fail(ErrorCode::invalid,
                fmt::format("Idempotency-Key must be 1 to {} printable ASCII characters without blanks",
                            limits::kIdChars));
  if (begin.submission.session.empty())
    return fail(ErrorCode::invalid,
                "Idempotency-Key is the message's id in its session, and a new session has none yet: name "
                "the `session`");
  return begin;
}

bool wants_events(const net::ServerRequest& request) {
  return request.header("accept").find("text/event-stream") != std::string_view::npos;
}

/// The seq that a client has; nothing: it has none. Errors: invalid.
Result<std::int64_t> seen(const HttpCall& call) {
  std::string text = call.query.text("after");
  if (text.empty()) text = call.request.header("last-event-id");
  if (text.empty()) return 0;
  std::int64_t seq = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
  if (error != std::errc() || end != text.data() + text.size() || seq < 0)
    return fail(ErrorCode::invalid, "`after` and Last-Event-ID are the `seq` of an event");
  return seq;
}

/// Set when a run's end is published.
class End final : store::Subscriber {
 public:
  End(Loop& loop, store::Journal& journal, const store::RunRow& run)
      : come(loop), run_(run.id), subscription_(journal.subscribe(run.session, *this)) {}
  OneShot<bool> come;

 private:
  void on_frame(const Frame& frame) override {
    if (frame.run == run_ && frame.type == "run.finished") come.set(true);
  }
  const std::string run_;
  std::unique_ptr<store::Journal::Subscription> subscription_;
};

}  // namespace

void RunRoutes::add_to(Router& router) {
  const auto add = [&](const char* method, const char* path, std::vector<std::string> parameters,
                       std::function<Task<net::ServerReply>(HttpCall)> answer) {
    router.add(
        {.method = method, .path = path, .parameters = std::move(parameters), .answer = std::move(answer)});
  };
  add("POST", "/v1/runs", {}, [this](HttpCall call) { return begin(std::move(call)); });
  add("GET", "/v1/runs/{run}", {}, [this](HttpCall call) { return show(std::move(call)); });
  add("GET", "/v1/runs/{run}/events", {"after"}, [this](HttpCall call) { return events(std::move(call)); });
  add("POST", "/v1/runs/{run}/cancel", {}, [this](HttpCall call) { return cancel(std::move(call)); });
  add("POST", "/v1/runs/{run}/fork", {}, [this](HttpCall call) { return fork(std::move(call), false); });
  add("POST", "/v1/runs/{run}/resume", {}, [this](HttpCall call) { return fork(std::move(call), true); });
  add("POST", "/v1/runs/{run}/approve", {}, [this](HttpCall call) { return decide(std::move(call), true); });
  add("POST", "/v1/runs/{run}/deny", {}, [this](HttpCall call) { return decide(std::move(call), false); });
}

Task<net::ServerReply> RunRoutes::begin(HttpCall call) {
  auto body = json_object_of(call.request);
  if (!body) co_return std::move(body.error());
  auto wanted = beginning_of(*body, call);
  if (!wanted) co_return failure_reply(wanted.error());
  auto accepted = co_await submit(std::move(wanted->submission));
  if (!accepted) co_return failure_reply(accepted.error());
  auto run = wanted->wait ? co_await ended(call.principal, accepted->run, call.drain)
                          : co_await desk_.find_run(call.principal, accepted->run);
  if (!run) co_return failure_reply(run.error());
  const std::string place = fmt::format("/v1/runs/{}", run->id);
  Json shown = agents::to_json(*run);
  shown["duplicate"] = accepted->duplicate;
  auto reply = wanted->stream ? co_await stream(std::move(*run), 0, call.drain)
                              : json_reply(shown, run->finished() ? 200 : 202);
  reply.headers.emplace_back("Location", place);
  co_return reply;
}

// A session is made for a run that names none, and goes again where there is no run for it.
Task<Result<agents::Accepted>> RunRoutes::submit(agents::Submission submission) {
  const Principal principal = submission.principal;
  const bool fresh = submission.session.empty();
  if (fresh) {
    auto session = co_await desk_.open_session(principal, "", submission.target);
    if (!session) co_return std::unexpected(session.error());
    submission.session = session->id;
  }
  const std::string session = submission.session;
  auto accepted = co_await desk_.submit(std::move(submission));
  if (!accepted && fresh) (void)co_await desk_.forget(principal, session);
  co_return accepted;
}

// Whether a run is another one, or a part of its work.
Task<bool> RunRoutes::is_below(Principal principal, std::string run, std::string top) {
  while (!run.empty() && run != top) {
    auto row = co_await desk_.find_run(principal, run);
    if (!row) co_return false;
    run = row->parent;
  }
  co_return run == top;
}

Task<net::ServerReply> RunRoutes::show(HttpCall call) {
  auto run = co_await desk_.find_run(call.principal, call.names[0]);
  if (!run) co_return failure_reply(run.error());
  Json shown = agents::to_json(*run);
  for (const agents::PendingApproval& one : desk_.pending(call.principal, run->session))
    if (co_await is_below(call.principal, one.run, run->id)) shown["waiting"].push_back(agents::to_json(one));
  co_return json_reply(shown);
}

Task<net::ServerReply> RunRoutes::events(HttpCall call) {
  auto after = seen(call);
  if (!after) co_return failure_reply(after.error());
  auto run = co_await desk_.find_run(call.principal, call.names[0]);
  if (!run) co_return failure_reply(run.error());
  if (wants_events(call.request)) {
    auto last = co_await desk_.journal().last_seq(run->session);
    if (!last) co_return failure_reply(last.error());
    if (*after > *last)
      co_return invalid(fmt::format("the session's last event is {}; {} is beyond it", *last, *after));
    co_return co_await stream(std::move(*run), *after, call.drain);
  }
  net::ServerReply reply;
  reply.body = R"({"events":[)";
  agents::RunTree tree(run->id);
  bool first = true;
  for (std::int64_t seq = run->first_seq - 1;;) {
    auto frames = co_await desk_.journal().read_events(run->session, seq, kPage);
    if (!frames) co_return failure_reply(frames.error());
    for (const Frame& frame : *frames) {
      seq = frame.seq;
      if (!tree.takes(frame) || frame.seq <= *after) continue;
      if (!std::exchange(first, false)) reply.body += ',';
      reply.body += *frame.text;
      if (reply.body.size() > kEventsBytes)
        co_return net::error_reply(
            413, "too_large",
            fmt::format("the events have more than {} bytes; ask for them as text/event-stream",
                        kEventsBytes));
    }
    if (frames->size() < kPage || (run->finished() && seq >= run->last_seq)) break;
  }
  reply.body += "]}";
  co_return reply;
}

Task<net::ServerReply> RunRoutes::stream(store::RunRow run, std::int64_t after, Stop& drain) {
  auto events = std::make_shared<EventStream>(loop_, desk_.journal(), run, after);
  net::ServerReply reply;
  reply.content_type = "text/event-stream";
  reply.stream = [events, &drain](net::BodyWriter& body) { return events->write_to(body, drain); };
  co_return reply;
}

Task<Result<store::RunRow>> RunRoutes::ended(Principal principal, std::string run, Stop& drain) {
  auto row = co_await desk_.find_run(principal, run);
  if (!row || row->finished()) co_return row;
  End end(loop_, desk_.journal(), *row);
  // Its end may have come before anybody looked for it.
  row = co_await desk_.find_run(principal, run);
  if (!row || row->finished()) co_return row;
  auto hook = drain.on_request([&end] { end.come.set(false); });
  auto alarm = loop_.at(loop_.clock().now() + kWait, [&end] { end.come.set(false); });
  co_await end.come.wait();
  co_return co_await desk_.find_run(std::move(principal), std::move(run));
}

Task<net::ServerReply> RunRoutes::cancel(HttpCall call) {
  if (call.request.body.empty()) call.request.body = "{}";
  auto body = json_object_of(call.request);
  if (!body) co_return std::move(body.error());
  if (std::string wrong = unknown_key(*body, {"mode"}); !wrong.empty()) co_return invalid(wrong);
  Fields fields(*body);
  const auto mode = fields.cancel_mode("mode");
  if (!fields.problem().empty()) co_return invalid(fields.problem());
  auto taken = co_await desk_.cancel(call.principal, call.names[0], mode);
  if (!taken) co_return failure_reply(taken.error());
  auto run = co_await desk_.find_run(call.principal, call.names[0]);
  if (!run) co_return failure_reply(run.error());
  co_return json_reply(agents::to_json(*run), run->finished() ? 200 : 202);
}

Task<net::ServerReply> RunRoutes::fork(HttpCall call, bool resumes) {
  if (call.request.body.empty()) call.request.body = "{}";
  auto body = json_object_of(call.request);
  if (!body) co_return std::move(body.error());
  const std::vector<std::string> known = resumes
                                             ? std::vector<std::string>{"model"}
                                             : std::vector<std::string>{"from", "input", "outputs", "model"};
  if (std::string wrong = unknown_key(*body, known); !wrong.empty()) co_return invalid(wrong);
  Fields fields(*body);
  agents::ForkOrder order{.principal = call.principal, .run = call.names[0], .resumes = resumes};
  order.model = fields.any_text("model", false);
  order.from = fields.step("from");
  if (body->contains("input")) order.input = fields.any_text("input");
  const Json outputs = fields.object("outputs");
  for (const auto& [id, output] : outputs.items()) {
    if (!output.is_string()) co_return invalid(fmt::format("/outputs/{}: expected a text", id.substr(0, 40)));
    order.outputs.push_back({.call = id, .output = output.get<std::string>()});
  }
  if (!fields.problem().empty()) co_return invalid(fields.problem());
  if (order.input && order.input->empty()) co_return invalid("/input: expected a message, and it is empty");
  auto forked = co_await desk_.fork(std::move(order));
  if (!forked) co_return failure_reply(forked.error());
  auto reply =
      json_reply(Json{{"run", forked->run}, {"session", forked->session}, {"kept", forked->kept}}, 202);
  reply.headers.emplace_back("Location", fmt::format("/v1/runs/{}", forked->run));
  co_return reply;
}

Task<net::ServerReply> RunRoutes::decide(HttpCall call, bool approve) {
  auto body = json_object_of(call.request);
  if (!body) co_return std::move(body.error());
  if (std::string wrong = unknown_key(*body, {"call", approve ? "input" : "reason"}); !wrong.empty())
    co_return invalid(wrong);
  Fields fields(*body);
  agents::Decision decision{
      .principal = call.principal, .run = call.names[0], .call = fields.id("call", true), .approve = approve};
  if (approve)
    decision.input = fields.edited_input("input");
  else
    decision.reason = fields.any_text("reason", false);
  if (!fields.problem().empty()) co_return invalid(fields.problem());
  const Json told = {{"run", decision.run}, {"call", decision.call}, {"approved", approve}};
  auto taken = co_await desk_.decide(std::move(decision));
  if (!taken && taken.error().code == ErrorCode::conflict)
    co_return net::error_reply(409, "already_decided", taken.error().message);
  if (!taken) co_return failure_reply(taken.error());
  co_return json_reply(told);
}

}  // namespace troupe::gateway
