#pragma once

#include "runtime/base/context.h"
#include "runtime/base/secret.h"
#include "runtime/net/http_client.h"
#include "tools/builtin/http/allowed_hosts.h"
#include "tools/builtin/http/answer_text.h"
#include "tools/builtin/web_service.h"
#include "tools/tool.h"

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::tools {

/// What holds for every exchange of a tool with its service.
struct ExchangeRules {
  AllowedHosts hosts;
  int redirects = limits::kRedirects;           ///< followed for GET and HEAD only
  std::size_t bytes_max = limits::kFetchBytes;  ///< of an answer
  std::vector<std::string> content_types;       ///< of answers that are read; none: any text
  Patience patience;
  Secrets secrets;  ///< masked in everything that an agent or a log may see
};

/// Sends requests of declared tools and tells what came back, so that an agent can work with it. Loop thread;
/// concurrent calls are fine; the client outlives it.
class HttpExchange {
 public:
  HttpExchange(net::HttpClient& http, ExchangeRules rules) : http_(http), rules_(std::move(rules)) {}

  /// One answer, whatever its status; redirects of a GET or HEAD are followed, each judged by `hosts` and by
  /// the client's own guard. `repeatable`: it is sent again while the service is busy or out of reach.
  /// Errors: those of HttpClient, and denied for a host that is not allowed.
  Task<Result<net::HttpResponse>> send(net::HttpRequest request, bool repeatable, CallContext& context) const;

  /// An answer as an observation. Errors: tool (a status beyond 2xx, with it and the beginning of the body),
  /// busy (429), protocol (a type that is not read).
  Result<ToolOutput> read(const net::HttpRequest& asked, const net::HttpResponse& answer,
                          const AnswerParts& parts) const;

  /// Without secrets, whoever put them there.
  Error masked(Error error) const;

 private:
  Error refused(const std::string& what, const net::HttpResponse& answer) const;

  net::HttpClient& http_;
  const ExchangeRules rules_;
};

}  // namespace troupe::tools
