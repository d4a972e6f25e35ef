#include "tools/mcp/protocol/session.h"

#include "tools/mcp/bounds.h"
#include "tools/mcp/protocol/elicitation.h"
#include "tools/observation.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools::mcp {

namespace {

constexpr const char* kMetaVersion = "io.modelcontextprotocol/protocolVersion";
constexpr const char* kMetaCapabilities = "io.modelcontextprotocol/clientCapabilities";
constexpr const char* kMetaClient = "io.modelcontextprotocol/clientInfo";

std::optional<double> number(const Json& value, std::string_view key) {
  const Json* member = find(value, key);
  return member && member->is_number() ? std::optional(member->get<double>()) : std::nullopt;
}

Error error_of(const RpcError& error, int status) {
  return {.code = ErrorCode::tool, .message = text_of(error), .status = status};
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

void Session::receive(std::string_view text) {
  if (state_ == State::ended) return;
  auto messages = read_messages(text);
  if (!messages) {
    remark(messages.error().message + ": " + std::string(beginning(text, 160)), unreadable_ == 0);
    if (++unreadable_ >= bounds::kUnreadable)
      end({ErrorCode::protocol,
           fmt::format("the server sends what is not MCP: {}", messages.error().message)});
    return;
  }
  unreadable_ = 0;
  for (Incoming& message : *messages) dispatch(std::move(message));
}

void Session::dispatch(Incoming message) {
  if (state_ == State::ended) return;
  if (message.kind == Incoming::Kind::request) return on_request(message);
  if (message.kind == Incoming::Kind::notification) return on_notification(message);
  const auto found =
      message.id.is_number_integer() ? pending_.find(message.id.get<std::int64_t>()) : pending_.end();
  if (found == pending_.end()) {
    // The answer to a call that was cancelled, most likely.
    remark("an answer to nothing that was asked, or no longer", false);
    return;
  }
  Pending pending = std::move(found->second);
  pending_.erase(found);
  if (message.kind == Incoming::Kind::error) return on_error(std::move(pending), message.error, 0);
  on_result(std::move(pending), std::move(message.result));
}

void Session::on_request(const Incoming& message) {
  if (message.method == "ping") return reply(answer_text(message.id, Json::object()));
  if (message.method == "elicitation/create" && settings_.elicits)
    return reply(answer_text(message.id, answer_with_defaults(message.params)));
  reply(refusal_text(message.id, kMethodNotFound,
                     fmt::format("{} is not offered by this client", beginning(message.method, 64))));
}

void Session::on_notification(const Incoming& message) {
  using List = ListChanged::List;
  const std::string& method = message.method;
  if (method == "notifications/progress") return on_progress(message.params);
  if (method == "notifications/tools/list_changed") actions_.push_back(ListChanged{List::tools});
  if (method == "notifications/resources/list_changed") actions_.push_back(ListChanged{List::resources});
  if (method == "notifications/prompts/list_changed") actions_.push_back(ListChanged{List::prompts});
  if (method == "notifications/message") {
    const Json* data = find(message.params, "data");
    remark(fmt::format(
        "the server says ({}): {}", beginning(string_or(message.params, "level", "?"), 16),
        data ? beginning(data->is_string() ? data->get<std::string>() : dump(*data), bounds::kLogLine) : ""));
  }
  if (method == "notifications/cancelled") {  // over stdio, the end of a subscription
    const Json* id = find(message.params, "requestId");
    const auto found =
        id && id->is_number_integer() ? pending_.find(id->get<std::int64_t>()) : pending_.end();
    if (found == pending_.end() || found->second.request.method != "subscriptions/listen") return;
    const CallId call = found->second.call;
    pending_.erase(found);
    answer(call, fail(ErrorCode::cancelled, "the server ended the subscription"));
  }
}

void Session::on_progress(const Json& params) {
  const Json* token = find(params, "progressToken");
  const auto found =
      token && token->is_number_integer() ? pending_.find(token->get<std::int64_t>()) : pending_.end();
  const auto progress = number(params, "progress");
  if (found == pending_.end() || !found->second.request.progress || !progress) return;
  if (*progress <= found->second.progress) return;  // it must grow; what does not is no sign of life
  found->second.progress = *progress;
  actions_.push_back(
      Progress{.call = found->second.call,
               .progress = *progress,
               .total = number(params, "total"),
               .message = std::string(beginning(string_or(params, "message"), bounds::kLogLine))});
}

void Session::on_result(Pending pending, Json result) {
  if (!result.is_object()) {
    const RpcError error{0, "the server's result is no object", nullptr};
    return on_error(std::move(pending), error, 0);
  }
  switch (pending.kind) {
    case Kind::discover:
      return opened_modern(result);
    case Kind::initialize:
      return opened_legacy(result);
    case Kind::collect:
      return on_page(std::move(pending), std::move(result));
    case Kind::call:
      break;
  }
  const std::string type = string_or(result, "resultType", "complete");
  if (era_ == Era::modern && type == "input_required") return on_input_required(std::move(pending), result);
  if (era_ == Era::modern && type != "complete")
    return answer(pending.call, fail(ErrorCode::protocol, fmt::format("the server's result is of a type that "
                                                                      "is not known, `{}`",
                                                                      beginning(type, 64))));
  answer(pending.call, std::move(result));
}

void Session::on_error(Pending pending, const RpcError& error, int status) {
  if (pending.kind == Kind::discover) return not_discovered(error);
  if (pending.kind == Kind::initialize) {
    Error why = error_of(error, status);
    why.code = ErrorCode::protocol;
    why.message = "the server refused to begin: " + why.message;
    return end(std::move(why));
  }
  answer(pending.call, fail(error_of(error, status)));
}

void Session::on_page(Pending pending, Json result) {
  const Json* items = find(result, pending.key);
  if (!items || !items->is_array())
    return answer(pending.call, fail(ErrorCode::protocol, fmt::format("the answer to {} has no list `{}`",
                                                                      pending.request.method, pending.key)));
  bool cut = false;
  for (const Json& item : *items) {
    cut = pending.items.size() >= bounds::kItems;
    if (cut) break;
    pending.items.push_back(item);
  }
  std::string next = string_or(result, "nextCursor");
  ++pending.pages;
  const bool more = !next.empty() && next != pending.cursor && next.size() <= bounds::kMessageBytes / 8;
  if (more && !cut && pending.pages < bounds::kPages) {
    pending.cursor = std::move(next);
    return send(std::move(pending));
  }
  cut = cut || !next.empty();
  Json whole = {{"items", std::move(pending.items)}, {"cut", cut}};
  if (const Json* ttl = find(result, "ttlMs"); ttl && ttl->is_number_integer()) whole["ttlMs"] = *ttl;
  answer(pending.call, std::move(whole));
}

void Session::on_input_required(Pending pending, const Json& result) {
  if (++pending.rounds > bounds::kInputRounds)
    return answer(pending.call, fail(ErrorCode::protocol, "the server does not stop asking for more input"));
  Json responses = Json::object();
  if (const Json* asked = find(result, "inputRequests"); asked && asked->is_object()) {
    for (const auto& [key, request] : asked->items()) {
      const std::string method = string_or(request, "method");
      const Json* params = find(request, "params");
      if (method != "elicitation/create" || !settings_.elicits || !params)
        return answer(pending.call, fail(ErrorCode::denied,
                                         fmt::format("the server wants an answer to `{}` first, which it "
                                                     "does not get here",
                                                     beginning(method, 64))));
      responses[key] = answer_with_defaults(*params);
    }
  }
  // Of this round only: a state must not go along with a request it was not given for.
  pending.request.params.erase("inputResponses");
  pending.request.params.erase("requestState");
  if (!responses.empty()) pending.request.params["inputResponses"] = std::move(responses);
  if (const Json* state = find(result, "requestState")) pending.request.params["requestState"] = *state;
  send(std::move(pending));
}

void Session::refused(CallId call, int status, std::string_view body) {
  const auto found = by_call(call);
  if (found == pending_.end()) return;
  Pending pending = std::move(found->second);
  pending_.erase(found);
  const bool shut = status == 401 || status == 403;
  if (auto messages = read_messages(body);
      messages && !shut && messages->size() == 1 && messages->front().kind == Incoming::Kind::error)
    return on_error(std::move(pending), messages->front().error, status);
  Error why{.code = shut ? ErrorCode::denied : ErrorCode::network,
            .message = fmt::format("the server answered with HTTP status {}{}{}", status,
                                   body.empty() ? "" : ": ", beginning(body, 200)),
            .status = status};
  if (shut) why.message += "; look at the `headers` of its entry";
  const bool not_now = shut || status == 429 || (status >= 502 && status <= 504);
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
