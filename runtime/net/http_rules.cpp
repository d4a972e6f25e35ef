#include "runtime/net/http_rules.h"

#include "runtime/base/ascii.h"

#include <algorithm>
#include <cctype>
#include <string>

#include <fmt/format.h>

namespace troupe::net {
namespace {

constexpr std::size_t kMethodLength = 32;

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](unsigned char c) {
    return std::isalnum(c) || kMarks.find(static_cast<char>(c)) != kMarks.npos;
  });
}

/// What another host may see. Everything else may be a key under a provider's own name.
bool travels(std::string_view header) {
  static constexpr std::string_view kHarmless[] = {"accept",       "accept-language", "cache-control",
                                                   "content-type", "if-none-match",   "if-modified-since",
                                                   "range",        "user-agent"};
  return std::ranges::find(kHarmless, lower(header)) != std::end(kHarmless);
}

}  // namespace

Result<> check_request(const HttpRequest& request) {
  if (!is_token(request.method) || request.method.size() > kMethodLength)
    return fail(ErrorCode::invalid, "the HTTP method is not a word");
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name))
      return fail(ErrorCode::invalid, "a header's name holds characters that no name may hold");
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos)  // a header of an attacker's choice
      return fail(ErrorCode::invalid,
                  fmt::format("the value of the header {} holds a line end or a zero byte", name));
    const std::string known = lower(name);
    if (known == "content-length" || known == "transfer-encoding")
      return fail(ErrorCode::invalid, fmt::format("the header {} is the client's own to write", name));
  }
  return {};
}

bool is_idempotent(std::string_view method) {
  return method != "POST" && method != "PATCH";
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Result<Url> follow_redirect(HttpRequest& request, const Url& from, int status, std::string_view location) {
  auto next = from.resolve(location);
  if (!next) return within("redirected", std::move(next.error()));
  const bool becomes_get = (status == 303 && request.method != "HEAD") ||
                           ((status == 301 || status == 302) && request.method == "POST");
  if (becomes_get) {
    request.method = "GET";
    request.body.clear();
    std::erase_if(request.headers, [](const auto& h) { return lower(h.first).starts_with("content-"); });
  }
  if (!next->same_origin(from))
    std::erase_if(request.headers, [](const auto& h) { return !travels(h.first); });
  request.url = next->text();
  return next;
}

}  // namespace troupe::net
