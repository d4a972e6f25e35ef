#include "tools/builtin/http/http_tool.h"

#include "runtime/base/ascii.h"
#include "runtime/net/url.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

void hide(Secrets& secrets, const HiddenText& text) {
  for (const std::string& part : text.hidden) secrets.add(part);
}

bool has(const net::Headers& headers, std::string_view name) {
  return std::ranges::any_of(headers, [&](const auto& header) { return same_but_case(header.first, name); });
}

}  // namespace

ExchangeRules exchange_rules(const ToolSettings& settings, AllowedHosts hosts, Patience patience) {
  ExchangeRules rules{.hosts = std::move(hosts),
                      .redirects = settings.redirects,
                      .bytes_max = settings.max_bytes,
                      .content_types = settings.content_types,
                      .patience = patience};
  for (const std::string& part : settings.body.hidden) rules.secrets.add(part);
  hide(rules.secrets, settings.url);
  hide(rules.secrets, settings.status.url);
  for (const HiddenTexts* texts : {&settings.headers, &settings.query, &settings.form, &settings.security})
    for (const auto& [name, text] : *texts) hide(rules.secrets, text);
  return rules;
}

Result<std::unique_ptr<Tool>> HttpTool::make(const ToolSettings& settings, const ToolServices& services) {
  auto request = RequestTemplate::make(settings);
  if (!request) return fail(std::move(request.error()));
  auto hosts = AllowedHosts::make(settings.allow_hosts);
  if (!hosts) return fail(std::move(hosts.error()));
  if (hosts->empty()) hosts->add(request->host());
  return std::unique_ptr<Tool>(new HttpTool(settings, services, std::move(*request), std::move(*hosts)));
}

HttpTool::HttpTool(const ToolSettings& settings, const ToolServices& services, RequestTemplate request,
                   AllowedHosts hosts)
    : request_(std::move(request)),
      exchange_(services.http, exchange_rules(settings, std::move(hosts), services.patience)),
      user_agent_(services.user_agent) {
  spec_.declaration = {.name = settings.name,
                       .description = settings.description.empty()
                                          ? fmt::format("Sends {} to {} and gives back the answer.",
                                                        settings.method, request_.host())
                                          : settings.description,
                       .schema = dump(request_.input())};
  spec_.effect = effect_of(settings);
  spec_.timeout = settings.timeout;
  parts_ = *read_answer_parts(settings.response);
  status_parts_ = settings.status.response.is_null() ? parts_ : *read_answer_parts(settings.status.response);
}

net::HttpRequest HttpTool::dressed(net::HttpRequest request) const {
  if (!has(request.headers, "user-agent")) request.headers.emplace_back("User-Agent", user_agent_);
  if (!has(request.headers, "accept"))
    request.headers.emplace_back("Accept", "application/json, text/*;q=0.9, */*;q=0.1");
  return request;
}

Task<Result<ToolOutput>> HttpTool::call(ToolInput input, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped(spec_.declaration.name, context.stop.reason()));
  auto request = request_.fill(input.arguments, input.idempotency_key);
  if (!request) co_return fail(exchange_.masked(std::move(request.error())));
  const net::HttpRequest asked = dressed(std::move(*request));
  auto answer = co_await exchange_.send(asked, spec_.effect != Effect::at_most_once, context);
  if (!answer)
    co_return fail(spec_.effect == Effect::at_most_once ? in_doubt(std::move(answer.error()))
                                                        : std::move(answer.error()));
  co_return exchange_.read(asked, *answer, parts_);
}

Task<Result<CallStatus>> HttpTool::status(std::string idempotency_key, CallContext& context) {
  auto request = request_.status(idempotency_key);
  if (!request) co_return fail(exchange_.masked(std::move(request.error())));
  if (!*request) co_return CallStatus{};
  const net::HttpRequest asked = dressed(std::move(**request));
  auto answer = co_await exchange_.send(asked, true, context);
  if (!answer) co_return fail(std::move(answer.error()));
  if (answer->status == 404 || answer->status == 410)
    co_return CallStatus{.kind = CallStatus::Kind::not_done};
  auto output = exchange_.read(asked, *answer, status_parts_);
  if (!output) co_return fail(std::move(output.error()));
  co_return CallStatus{.kind = CallStatus::Kind::done, .output = std::move(*output)};
}

}  // namespace troupe::tools
