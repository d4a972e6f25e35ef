#include "tools/builtin/web_service.h"

#include "tools/builtin/text/html_text.h"
#include "tools/observation.h"

#include <algorithm>
#include <cctype>
#include <ctime>

#include <fmt/format.h>

namespace troupe::tools {

std::optional<std::chrono::milliseconds> retry_after(const net::HttpHead& head, std::int64_t now_ms) {
  const std::string text(head.header("retry-after"));
  if (text.empty()) return std::nullopt;
  if (std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); })) {
    if (text.size() > 9) return std::nullopt;
    return std::chrono::seconds(std::stol(text));
  }
  std::tm date{};
  if (!strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date)) return std::nullopt;
  const std::int64_t wait = static_cast<std::int64_t>(timegm(&date)) * 1000 - now_ms;
  return std::chrono::milliseconds(std::max<std::int64_t>(wait, 0));
}

bool worth_repeating(const Result<net::HttpResponse>& answer) {
  if (!answer) return answer.error().retryable && answer.error().code == ErrorCode::network;
  return answer->status == 429 || answer->status >= 500;
}

Task<Result<net::HttpResponse>> fetch_patiently(net::HttpClient& http, net::HttpRequest request,
                                                Patience patience, CallContext& context) {
  const Clock& clock = context.loop.clock();
  request.deadline = request.deadline.sooner(context.deadline);
  std::chrono::milliseconds wait = patience.first_wait;
  for (int attempt = 1;; ++attempt) {
    net::HttpRequest copy = request;
    auto answer = co_await http.fetch(std::move(copy), context.stop);
    if (attempt >= patience.attempts || !worth_repeating(answer) || context.stop.requested())
      co_return answer;
    if (answer) {
      if (const auto asked = retry_after(*answer, clock.wall_ms())) wait = *asked;
    }
    // No use in waiting past the end of the call, or longer than a person would.
    if (wait > patience.wait_max || request.deadline.remaining(clock.now()) <= wait) co_return answer;
    if (!co_await context.loop.sleep_for(wait, context.stop))
      co_return fail(stopped("waiting to ask again", context.stop.reason()));
    wait *= 2;
  }
}

Result<> check_base_url(std::string_view url) {
  if (url.empty()) return {};
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    return fail(ErrorCode::invalid, fmt::format("base_url `{}` must begin with http:// or https://", url));
  const std::string_view rest = url.substr(url.find("://") + 3);
  if (rest.empty() || std::string_view("/:?#@").find(rest.front()) != std::string_view::npos)
    return fail(ErrorCode::invalid, fmt::format("base_url `{}` has no host", url));
  return {};
}

std::string excerpt(std::string_view text, std::size_t bytes_max) {
  // Error pages are often HTML. One line, and a heading is as good a sentence as any: without its marks.
  const std::string page = html_to_text(text.substr(0, bytes_max * 8));
  std::string plain;
  for (std::string_view rest = page; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.starts_with("=") && line.ends_with("=")) {
      line.remove_prefix(std::min(line.find_first_not_of("= "), line.size()));
      line = line.substr(0, line.find_last_not_of("= ") + 1);
    }
    if (line.empty()) continue;
    if (!plain.empty()) plain += ' ';
    plain += line;
  }
  const std::string_view shown = beginning(plain, bytes_max);
  return shown.size() < plain.size() ? std::string(shown) + "…" : plain;
}

Result<Json> json_body(const net::HttpResponse& answer, std::string_view service) {
  auto parsed = parse_json(answer.body);
  if (parsed) return parsed;
  return fail(ErrorCode::protocol,
              fmt::format("{} answered HTTP {} with something that is not JSON ({}): {}", service,
                          answer.status, parsed.error().message, excerpt(answer.body)));
}

}  // namespace troupe::tools
