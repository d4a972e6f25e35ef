#include "tools/builtin/openapi/openapi_tool.h"

#include "runtime/base/ascii.h"
#include "runtime/config/environment.h"
#include "runtime/net/url.h"
#include "runtime/telemetry/log.h"
#include "tools/builtin/http/http_tool.h"
#include "tools/builtin/http/request_template.h"
#include "tools/builtin/openapi/document.h"
#include "tools/names.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

Result<AllowedHosts> hosts_of(const ToolSettings& settings,
                              const std::vector<openapi::Operation>& operations) {
  auto hosts = AllowedHosts::make(settings.allow_hosts);
  if (!hosts || !hosts->empty()) return hosts;
  for (const openapi::Operation& operation : operations) {
    auto url = net::Url::parse(operation.server);
    if (!url) return within("the server of `" + operation.id + "`", std::move(url.error()));
    if (!hosts->allows(url->host())) hosts->add(url->host());
  }
  return hosts;
}

net::Headers headers_of(const ToolSettings& settings) {
  net::Headers headers;
  for (const auto& [name, value] : settings.headers) headers.emplace_back(name, value.text);
  return headers;
}

}  // namespace

Result<ToolTable> OpenApiTool::make(const ToolSettings& settings, const ToolServices& services) {
  auto text = config::ProcessEnvironment().read_file(settings.document, openapi::kDocumentBytes);
  if (!text) return within(fmt::format("the document {}", settings.document), std::move(text.error()));
  openapi::Chosen chosen = openapi::choose(settings, *text);
  if (!chosen.problems.empty())
    return fail(ErrorCode::invalid,
                fmt::format("`{}`: {}", chosen.problems.front().field, chosen.problems.front().text));
  for (const std::string& why : chosen.passed_over)
    log::warn("no tool is made of an operation", {{"section", settings.name}, {"why", why}});
  auto hosts = hosts_of(settings, chosen.operations);
  if (!hosts) return fail(std::move(hosts.error()));
  ExchangeRules rules = exchange_rules(settings, std::move(*hosts), services.patience);
  for (const auto& [name, credential] : chosen.credentials) {
    rules.secrets.add(credential.value);
    rules.secrets.add(std::string_view(credential.value).substr(credential.value.rfind(' ') + 1));
  }
  const auto service = std::make_shared<const Service>(Service{HttpExchange(services.http, std::move(rules)),
                                                               std::move(chosen.credentials),
                                                               headers_of(settings), services.user_agent});
  ToolTable table;
  for (std::size_t i = 0; i < chosen.operations.size(); ++i)
    table.emplace(chosen.names[i],
                  std::shared_ptr<Tool>(new OpenApiTool(service, std::move(chosen.operations[i]), settings,
                                                        call_name(chosen.names[i]))));
  return table;
}

OpenApiTool::OpenApiTool(std::shared_ptr<const Service> service, openapi::Operation operation,
                         const ToolSettings& settings, std::string name)
    : service_(std::move(service)), operation_(std::move(operation)) {
  const std::string of_what = settings.description.empty() ? "" : "\n" + settings.description;
  spec_.declaration = {.name = std::move(name),
                       .description = fmt::format("{} ({} {}){}", operation_.about, operation_.method,
                                                  operation_.path, of_what),
                       .schema = dump(operation_.input)};
  spec_.effect = effect_of_method(operation_.method);
  spec_.timeout = settings.timeout;
}

Task<Result<ToolOutput>> OpenApiTool::call(ToolInput input, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped(spec_.declaration.name, context.stop.reason()));
  auto request = openapi::request_for(operation_, operation_.server, input.arguments, service_->credentials);
  if (!request) co_return fail(service_->exchange.masked(std::move(request.error())));
  const auto add = [&](const std::string& name, const std::string& value) {
    const bool there = std::ranges::any_of(
        request->headers, [&](const auto& header) { return same_but_case(header.first, name); });
    if (!there) request->headers.emplace_back(name, value);
  };
  for (const auto& [name, value] : service_->headers) add(name, value);
  add("User-Agent", service_->user_agent);
  add("Accept", "application/json, text/*;q=0.9, */*;q=0.1");
  if (spec_.effect != Effect::pure && !input.idempotency_key.empty())
    add("Idempotency-Key", input.idempotency_key);
  const net::HttpRequest asked = std::move(*request);
  const bool repeatable = spec_.effect != Effect::at_most_once;
  auto answer = co_await service_->exchange.send(asked, repeatable, context);
  if (!answer) co_return fail(repeatable ? std::move(answer.error()) : in_doubt(std::move(answer.error())));
  co_return service_->exchange.read(asked, *answer, {});
}

}  // namespace troupe::tools
