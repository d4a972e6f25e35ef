#include "tools/mcp/protocol/session.h"

#include "tools/mcp/bounds.h"
#include "tools/mcp/said.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools::mcp {

namespace {

constexpr const char* kMetaVersion = "io.modelcontextprotocol/protocolVersion";
constexpr const char* kMetaCapabilities = "io.modelcontextprotocol/clientCapabilities";
constexpr const char* kMetaClient = "io.modelcontextprotocol/clientInfo";
constexpr std::size_t kBodyShown = 200;

bool shut(int status) {
  return status == 401 || status == 403;
}

bool no_time(int status) {
  return status == 429 || status == 503;
}

/// What is refused with these was not carried out; of what fails with others nobody knows.
ErrorCode code_of(int status) {
  if (shut(status)) return ErrorCode::denied;
  if (no_time(status)) return ErrorCode::unavailable;
  return status < 500 ? ErrorCode::tool : ErrorCode::network;
}

}  // namespace

Result<CallId> Session::call(Request request) {
  return admit({.kind = Kind::call, .call = 0, .request = std::move(request)});
}

Result<CallId> Session::collect(std::string method, std::string key) {
  return admit(
      {.kind = Kind::collect, .call = 0, .request = {.method = std::move(method)}, .key = std::move(key)});
}

Result<CallId> Session::admit(Pending pending) {
  if (state_ != State::open) return fail(ErrorCode::unavailable, "the server is not ready");
  if (pending_.size() >= bounds::kPending)
    return fail(ErrorCode::busy,
                fmt::format("{} requests to the server wait for an answer already", pending_.size()));
  pending.call = ++last_call_;
  const CallId call = pending.call;
  send(std::move(pending));
  return call;
}

void Session::send(Pending pending) {
  const std::int64_t id = ++last_id_;
  Json params = pending.request.params.is_object() ? pending.request.params : Json::object();
  if (!pending.cursor.empty()) params["cursor"] = pending.cursor;
  const bool modern = era_ == Era::modern && pending.kind != Kind::initialize;
  if (modern) {
    params["_meta"][kMetaVersion] = version_;
    params["_meta"][kMetaCapabilities] = client_capabilities();
    params["_meta"][kMetaClient] = client_info();
  }
  if (pending.request.progress) params["_meta"]["progressToken"] = id;
  actions_.push_back(Send{.call = pending.call,
                          .text = request_text(id, pending.request.method, params),
                          .method = pending.request.method,
                          .name = pending.request.name,
                          .params = pending.request.headers,
                          .version = version_,
                          .modern = modern});
  pending.progress = -1;
  pending_.emplace(id, std::move(pending));
}

void Session::cancel(CallId call, std::string_view why) {
  const auto found = by_call(call);
  if (found == pending_.end()) return;
  const std::int64_t id = found->first;
  pending_.erase(found);
  actions_.push_back(Abandon{call});
  if (settings_.cancels_by_closing && era_ == Era::modern) return;
  const Json params = {{"requestId", id}, {"reason", why}};
  actions_.push_back(Send{.text = notification_text("notifications/cancelled", params),
                          .method = "notifications/cancelled",
                          .version = version_,
                          .modern = era_ == Era::modern});
}

void Session::refused(CallId call, int status, std::string_view body) {
  const auto found = by_call(call);
  if (found == pending_.end()) return;
  Pending pending = std::move(found->second);
  pending_.erase(found);
  if (auto messages = read_messages(body);
      messages && !shut(status) && messages->size() == 1 && messages->front().kind == Incoming::Kind::error)
    return on_error(std::move(pending), messages->front().error, status);
  Error why{.code = code_of(status),
            .message = fmt::format("the server answered with HTTP status {}{}{}", status,
                                   body.empty() ? "" : ": ", one_line(body, kBodyShown)),
            .retryable = no_time(status),
            .status = status};
  if (shut(status)) why.message += "; look at the `headers` of its entry";
  const bool not_now = shut(status) || status == 429 || (status >= 502 && status <= 504);
  if (pending.kind == Kind::discover && !not_now) return fall_back(why.message);
  if (pending.kind == Kind::discover || pending.kind == Kind::initialize) return end(std::move(why));
  answer(pending.call, fail(std::move(why)));
}

void Session::unanswered(CallId call, Error why) {
  const auto found = by_call(call);
  if (found == pending_.end()) return;
  const Kind kind = found->second.kind;
  pending_.erase(found);
  if (kind == Kind::discover || kind == Kind::initialize) return end(std::move(why));
  answer(call, fail(std::move(why)));
}

void Session::lost(const Error& why) {
  if (state_ != State::ended) end(why);
}

void Session::end(Error why) {
  const bool was_open = state_ == State::open;
  state_ = State::ended;
  PendingMap left = std::exchange(pending_, {});
  for (auto& [id, pending] : left)
    if (pending.kind == Kind::call || pending.kind == Kind::collect) answer(pending.call, fail(why));
  // Who has it open hears of the end from the transport, which is where ends come from; but not of this one.
  if (!was_open || why.code == ErrorCode::protocol) actions_.push_back(Failed{std::move(why)});
}

bool Session::waits_for(CallId call) const {
  return std::ranges::any_of(pending_, [&](const auto& one) { return one.second.call == call; });
}

Session::PendingMap::iterator Session::by_call(CallId call) {
  return std::ranges::find_if(pending_, [&](const auto& one) { return one.second.call == call; });
}

void Session::reply(std::string text) {
  actions_.push_back(Send{.text = std::move(text), .version = version_, .modern = era_ == Era::modern});
}

void Session::answer(CallId call, Result<Json> result) {
  actions_.push_back(Answer{call, std::move(result)});
}

void Session::remark(std::string text, bool warning) {
  actions_.push_back(Remark{warning, std::move(text)});
}

}  // namespace troupe::tools::mcp
