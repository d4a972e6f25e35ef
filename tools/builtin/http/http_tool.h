#pragma once

#include "tools/builtin/http/http_exchange.h"
#include "tools/builtin/http/request_template.h"
#include "tools/catalog.h"

#include <memory>
#include <string>

namespace troupe::tools {

/// `type: http`: one request that an operator has written down, with places for what the model says. GET and
/// HEAD are pure, PUT and DELETE idempotent, anything else is sent once; calls that are not pure bear the key
/// of the call as `Idempotency-Key`.
class HttpTool final : public Tool {
 public:
  /// Errors: invalid (the first problem of the settings).
  static Result<std::unique_ptr<Tool>> make(const ToolSettings& settings, const ToolServices& services);

  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override;
  /// By `status.url`: 2xx means done, 404 and 410 not done.
  Task<Result<CallStatus>> status(std::string idempotency_key, CallContext& context) override;

 private:
  HttpTool(const ToolSettings& settings, const ToolServices& services, RequestTemplate request,
           AllowedHosts hosts);
  net::HttpRequest dressed(net::HttpRequest request) const;
  Error in_doubt(Error error) const;

  ToolSpec spec_;
  const RequestTemplate request_;
  const HttpExchange exchange_;
  AnswerParts parts_;
  AnswerParts status_parts_;
  const std::string user_agent_;
};

/// The rules of the settings that http and openapi tools share; `hosts`: those that may be asked.
ExchangeRules exchange_rules(const ToolSettings& settings, AllowedHosts hosts, Patience patience);

}  // namespace troupe::tools
