#include "app/talk/daemon_call.h"

#include "runtime/net/http_client.h"

#include <array>

#include <fmt/format.h>

namespace troupe::app {

namespace {

// A daemon that says another code is newer than this program.
ErrorCode code_of(std::string_view said) {
  constexpr std::array kKnown{ErrorCode::invalid,  ErrorCode::not_found,   ErrorCode::denied,
                              ErrorCode::conflict, ErrorCode::busy,        ErrorCode::too_large,
                              ErrorCode::timeout,  ErrorCode::unavailable, ErrorCode::store};
  for (const ErrorCode code : kKnown)
    if (said == word(code)) return code;
  return ErrorCode::protocol;
}

Error refused(const net::HttpResponse& answer, const std::string& url) {
  Error error{.code = ErrorCode::protocol, .status = answer.status};
  if (auto body = parse_json(answer.body))
    if (const Json* said = find(*body, "error")) {
      error.code = code_of(string_or(*said, "code"));
      error.message = string_or(*said, "message");
    }
  if (error.message.empty()) error.message = fmt::format("answered with the HTTP status {}", answer.status);
  return within(fmt::format("the daemon at {}", url), std::move(error)).error();
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return encoded;
}

Task<Result<Json>> call_daemon(Loop& loop, RemoteSettings daemon, DaemonCall call) {
  auto client = net::make_curl_client(loop, {.ca_file = daemon.ca_file}, net::Guarding::open);
  net::HttpRequest request{.method = std::move(call.method), .url = daemon.url + call.path};
  if (!daemon.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + daemon.token);
  if (!call.body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(call.body);
  Stop never;
  auto answer = co_await client->fetch(std::move(request), never);
  if (!answer) co_return within(fmt::format("the daemon at {}", daemon.url), answer.error());
  if (answer->status < 200 || answer->status > 299) co_return fail(refused(*answer, daemon.url));
  auto body = parse_json(answer->body);
  if (!body) co_return within(fmt::format("the daemon at {} sent", daemon.url), body.error());
  co_return std::move(*body);
}

}  // namespace troupe::app
