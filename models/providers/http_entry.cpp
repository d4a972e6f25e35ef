#include "models/providers/http_entry.h"

#include "models/endpoint.h"
#include "models/retry_after.h"

#include <fmt/format.h>

namespace troupe::models {

namespace {

// A key that a server repeats half-masked ("sk-ab***yz") is cut out as well.
std::string without_masked_keys(std::string text) {
  for (std::size_t at = text.find("***"); at != std::string::npos; at = text.find("***", at + 1)) {
    auto part = [&](char c) { return c != ' ' && c != '"' && c != '\'' && c != '\n' && c != ','; };
    std::size_t from = at, end = at;
    while (from > 0 && part(text[from - 1])) --from;
    while (end < text.size() && part(text[end])) ++end;
    if (text[end - 1] == '.') --end;
    text.replace(from, end - from, "***");
    at = from + 2;
  }
  return text;
}

}  // namespace

HttpEntry::HttpEntry(const EntryOrigin& origin, Endpoint endpoint, std::string_view accept)
    : url_(std::move(endpoint.url)),
      headers_({{"content-type", "application/json"}, {"accept", std::string(accept)}}),
      title_(fmt::format("{} {} ({} at {})", origin.noun, origin.name, origin.model, shown_url(url_))),
      keyed_(!origin.api_key.empty()),
      timeout_(origin.timeout) {
  secrets_.add(origin.api_key);
  for (auto& [name, value] : endpoint.headers) headers_.emplace_back(name, std::move(value));
  for (const auto& [name, value] : origin.extra_headers) {
    headers_.emplace_back(name, value);
    secrets_.add(value);
  }
}

net::HttpRequest HttpEntry::request(std::size_t answer_max, const CallContext& context) const {
  net::HttpRequest http;
  http.url = url_;
  http.headers = headers_;
  http.idle_timeout = timeout_;
  http.deadline = context.deadline;
  http.body_max = answer_max;
  return http;
}

net::HttpRequest HttpEntry::get(std::size_t answer_max, const CallContext& context) const {
  return request(answer_max, context);
}

net::HttpRequest HttpEntry::post(std::string body, std::size_t answer_max, const CallContext& context) const {
  net::HttpRequest http = request(answer_max, context);
  http.method = "POST";
  http.body = std::move(body);
  return http;
}

std::unexpected<Error> HttpEntry::named(Error error) const {
  error.message = without_masked_keys(redact(error.message, secrets_));
  return within(title_, std::move(error));
}

std::unexpected<Error> HttpEntry::unanswered(Error error, std::size_t answer_max) const {
  if (error.code == ErrorCode::too_large) {
    // Of the answer. too_large means the question to whoever calls a model.
    error.code = ErrorCode::protocol;
    error.message = fmt::format("the answer is larger than {} bytes", answer_max);
  }
  return named(std::move(error));
}

std::unexpected<Error> HttpEntry::refused(Error error, const net::HttpHead& head, const Clock& clock) const {
  const auto asked = retry_after(head, error.message, clock.wall_ms());
  if (asked) error.retry_after = asked;
  std::string_view advice = head.header("x-should-retry");
  if (advice == "true") error.retryable = true;
  if (advice == "false") error.retryable = false;
  if (head.status == 401 && !keyed_) error.message += " (it is not set)";
  return named(std::move(error));
}

}  // namespace troupe::models
