#include "tools/mcp/bounds.h"
#include "tools/mcp/protocol/elicitation.h"
#include "tools/mcp/protocol/session.h"
#include "tools/observation.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::tools::mcp {

namespace {

std::optional<double> number(const Json& value, std::string_view key) {
  const Json* member = find(value, key);
  return member && member->is_number() ? std::optional(member->get<double>()) : std::nullopt;
}

Error error_of(const RpcError& error, int status) {
  return {.code = ErrorCode::tool, .message = text_of(error), .status = status};
}

}  // namespace

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

}  // namespace troupe::tools::mcp
