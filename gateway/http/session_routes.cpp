#include "gateway/http/session_routes.h"

#include "gateway/http/json_body.h"
#include "runtime/base/json.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace troupe::gateway {

namespace {

Result<store::SessionPage> page_of(const Query& query) {
  auto limit = query.count("limit", SessionRoutes::kPage, SessionRoutes::kPageMax);
  if (!limit) return std::unexpected(limit.error());
  store::SessionPage page{.limit = *limit, .before = query.text("before"), .after = query.text("after")};
  if (!page.before.empty() && !page.after.empty())
    return fail(ErrorCode::invalid, "`before` and `after` exclude each other");
  return page;
}

std::optional<agents::SessionArchive::Form> form_of(const std::string& word) {
  using Form = agents::SessionArchive::Form;
  if (word.empty() || word == "troupe") return Form::troupe;
  if (word == "openai") return Form::openai;
  return std::nullopt;
}

}  // namespace

void SessionRoutes::add_to(Router& router) {
  router.add({.method = "GET",
              .path = "/v1/sessions",
              .parameters = {"limit", "before", "after"},
              .answer = [this](HttpCall call) { return list(std::move(call)); }});
  router.add({.method = "POST",
              .path = "/v1/sessions",
              .parameters = {"target"},
              .body_max = kImportBytes,
              .answer = [this](HttpCall call) { return take(std::move(call)); }});
  router.add({.method = "GET",
              .path = "/v1/sessions/{session}",
              .parameters = {"format"},
              .answer = [this](HttpCall call) { return show(std::move(call)); }});
  router.add({.method = "DELETE", .path = "/v1/sessions/{session}", .answer = [this](HttpCall call) {
                return remove(std::move(call));
              }});
}

Task<net::ServerReply> SessionRoutes::list(HttpCall call) {
  auto wanted = page_of(call.query);
  if (!wanted) co_return failure_reply(wanted.error());
  auto page = co_await archive_.list(call.principal.tenant, std::move(*wanted));
  if (!page) co_return failure_reply(page.error());
  Json body = {{"sessions", Json::array()}, {"more", page->more}};
  for (const store::SessionRow& row : page->sessions) body["sessions"].push_back(agents::to_json(row));
  co_return json_reply(body);
}

Task<net::ServerReply> SessionRoutes::show(HttpCall call) {
  const auto form = form_of(call.query.text("format"));
  if (!form) co_return net::error_reply(400, "invalid", "`format` is `troupe` or `openai`");
  auto document = co_await archive_.document(call.principal.tenant, call.names[0], *form);
  if (!document) co_return failure_reply(document.error());
  net::ServerReply reply;
  reply.body = std::move(*document);
  co_return reply;
}

Task<net::ServerReply> SessionRoutes::take(HttpCall call) {
  if (auto typed = check_json_type(call.request); !typed) co_return std::move(typed.error());
  auto imported = co_await archive_.take(call.principal.tenant, std::move(call.request.body),
                                         call.query.text("target"), offer_().catalog);
  if (!imported) co_return failure_reply(imported.error());
  Json body = agents::to_json(imported->session);
  body["runs"] = imported->turns;
  body.erase("last_seq");
  if (!imported->remark.empty()) body["remarks"] = Json::array({imported->remark});
  auto reply = json_reply(body, 201);
  reply.headers.emplace_back("Location", fmt::format("/v1/sessions/{}", imported->session.id));
  co_return reply;
}

Task<net::ServerReply> SessionRoutes::remove(HttpCall call) {
  auto gone = co_await desk_.forget(call.principal, call.names[0]);
  if (!gone) co_return failure_reply(gone.error());
  co_return json_reply({{"deleted", call.names[0]}});
}

}  // namespace troupe::gateway
