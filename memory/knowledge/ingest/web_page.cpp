#include "memory/knowledge/ingest/web_page.h"

#include "memory/knowledge/ingest/limits.h"
#include "runtime/base/json.h"
#include "runtime/net/url.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr int kNotModified = 304, kNotFound = 404, kGone = 410, kServerErrors = 500;

/// A header of an answer, and the one of a request that asks for anything else than it.
struct Validator {
  const char* header;
  const char* condition;
};
constexpr Validator kValidators[] = {{"etag", "if-none-match"}, {"last-modified", "if-modified-since"}};

std::string stamp_of(const net::HttpHead& head) {
  Json stamp = Json::object();
  for (const Validator& validator : kValidators) {
    const auto value = head.header(validator.header);
    if (!value.empty() && value.size() <= limits::kValidatorBytes) stamp[validator.header] = value;
  }
  return stamp.empty() ? "" : dump(stamp);
}

net::Headers conditions_of(const std::string& stamp) {
  net::Headers headers;
  if (stamp.empty()) return headers;
  const auto known = parse_json(stamp);
  if (!known) return headers;
  for (const Validator& validator : kValidators)
    if (auto value = string_or(*known, validator.header); !value.empty())
      headers.emplace_back(validator.condition, std::move(value));
  return headers;
}

}  // namespace

Task<Result<WebPage>> fetch_page(net::HttpClient& http, std::string url, std::string stamp, std::size_t most,
                                 Deadline deadline, Stop& stop) {
  net::HttpRequest request{.url = url,
                           .headers = conditions_of(stamp),
                           .deadline = deadline,
                           .body_max = most,
                           .redirects_max = limits::kRedirects};
  const bool conditional = !request.headers.empty();
  auto answer = co_await http.fetch(std::move(request), stop);
  if (!answer) co_return fail(std::move(answer.error()));
  WebPage page;
  if (answer->status == kNotModified && conditional) {
    page.state = WebPage::State::unchanged;
    page.stamp = std::move(stamp);
  } else if (answer->status == kNotFound || answer->status == kGone) {
    page.state = WebPage::State::gone;
  } else if (answer->status == 200 || answer->status == 203) {
    page.stamp = stamp_of(*answer);
    page.content_type = answer->header("content-type");
    page.bytes = std::move(answer->body);
  } else {
    Error error{ErrorCode::network, fmt::format("GET {}: the server answered with status {}",
                                                net::redacted_url(url), answer->status)};
    error.status = answer->status;
    error.retryable = answer->status >= kServerErrors;
    co_return fail(std::move(error));
  }
  co_return page;
}

}  // namespace troupe::memory
