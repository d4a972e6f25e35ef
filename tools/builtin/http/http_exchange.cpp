#include "tools/builtin/http/http_exchange.h"

#include "runtime/net/http_rules.h"
#include "runtime/net/url.h"

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr std::size_t kSaidBytes = 1'000;  // of the body of an answer that is an error

bool follows(const net::HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

std::string named(const net::HttpRequest& request) {
  return fmt::format("{} {}", request.method, net::redacted_url(request.url));
}

}  // namespace

Task<Result<net::HttpResponse>> HttpExchange::send(net::HttpRequest request, bool repeatable,
                                                   CallContext& context) const {
  request.body_max = rules_.bytes_max;
  request.redirects_max = 0;  // each hop is held against the allowed hosts first
  request.deadline = request.deadline.sooner(context.deadline);
  for (int hops = 0;; ++hops) {
    auto url = net::Url::parse(request.url);
    if (!url) co_return fail(masked(std::move(url.error())));
    if (!rules_.hosts.allows(url->host()))
      co_return fail(masked(
          Error{ErrorCode::denied,
                fmt::format("{}{}: the host `{}` is not among those this tool may ask ({})", named(request),
                            hops > 0 ? ", where a redirect leads" : "", url->host(), rules_.hosts.text())}));
    net::HttpRequest copy = request;
    auto answer = repeatable ? co_await fetch_patiently(http_, std::move(copy), rules_.patience, context)
                             : co_await http_.fetch(std::move(copy), context.stop);
    if (!answer) co_return fail(masked(std::move(answer.error())));
    const std::string location(answer->header("location"));
    if (!net::is_redirect(answer->status) || location.empty() || !follows(request) || rules_.redirects == 0)
      co_return answer;
    if (hops == rules_.redirects)
      co_return fail(masked(Error{
          ErrorCode::protocol, fmt::format("{}: more than {} redirects", named(request), rules_.redirects)}));
    auto next = net::follow_redirect(request, *url, answer->status, location);
    if (!next) co_return fail(masked(std::move(next.error())));
    request.url = next->text();
  }
}

Result<ToolOutput> HttpExchange::read(const net::HttpRequest& asked, const net::HttpResponse& answer,
                                      const AnswerParts& parts) const {
  const std::string what = named(asked);
  if (answer.status < 200 || answer.status > 299) return fail(refused(what, answer));
  const std::string type = media_type(answer);
  if (!answer.body.empty() && !readable(type, rules_.content_types))
    return fail(
        masked(Error{ErrorCode::protocol,
                     fmt::format("{} answered with {} ({} bytes), which this tool does not read", what,
                                 type.empty() ? "something without a Content-Type" : type.substr(0, 100),
                                 answer.body.size())}));
  auto text = answer_text(answer, parts);
  if (!text) return fail(masked(std::move(text.error())));
  ToolOutput output{.text = redact(*text, rules_.secrets)};
  if (output.text.empty()) output.text = fmt::format("HTTP {}, without a text", answer.status);
  if (type == "text/html" && follows(asked))
    output.sources.push_back({.title = redact(page_title(answer.body), rules_.secrets),
                              .url = redact(net::redacted_url(answer.url), rules_.secrets)});
  return output;
}

Error HttpExchange::refused(const std::string& what, const net::HttpResponse& answer) const {
  Error error{ErrorCode::tool, ""};
  error.status = answer.status;
  error.retryable = answer.status == 429 || answer.status >= 500;
  if (answer.status == 429) error.code = ErrorCode::busy;
  if (answer.status == 404 || answer.status == 410) error.code = ErrorCode::not_found;
  error.message = fmt::format("{} answered HTTP {}", what, answer.status);
  if (net::is_redirect(answer.status) && !answer.header("location").empty())
    error.message +=
        fmt::format(", a redirect to {} that is not followed", net::redacted_url(answer.header("location")));
  const bool shown = readable(media_type(answer), {});
  const std::string said = shown ? excerpt(answer.body, kSaidBytes) : "";
  error.message += said.empty() ? "." : ": " + said;
  return masked(std::move(error));
}

Error HttpExchange::masked(Error error) const {
  error.message = redact(error.message, rules_.secrets);
  return error;
}

}  // namespace troupe::tools
