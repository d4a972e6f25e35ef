#include "gateway/http/router.h"

#include "runtime/base/json.h"
#include "runtime/base/suggest.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::gateway {

namespace {

constexpr std::size_t kShownPath = 120;  // bytes of a path in a message

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> parts;
  path.remove_prefix(path.starts_with('/') ? 1 : 0);
  for (;;) {
    const std::size_t slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

bool is_name(std::string_view segment) {
  return segment.starts_with('{');
}

bool fits(std::string_view pattern, const std::vector<std::string_view>& path) {
  const auto parts = segments(pattern);
  return std::ranges::equal(parts, path, [](std::string_view part, std::string_view given) {
    return is_name(part) ? !given.empty() : part == given;
  });
}

// The pattern with what stands in the path for its names.
std::string filled(std::string_view pattern, const std::vector<std::string_view>& path) {
  const auto parts = segments(pattern);
  std::string whole;
  for (std::size_t i = 0; i < parts.size(); ++i)
    whole += fmt::format("/{}", is_name(parts[i]) && i < path.size() ? path[i] : parts[i]);
  return whole;
}

std::string shown(std::string_view path) {
  return path.size() <= kShownPath ? std::string(path) : fmt::format("{}…", path.substr(0, kShownPath));
}

}  // namespace

std::expected<Router::Match, net::ServerReply> Router::find(std::string_view method,
                                                            std::string_view path) const {
  const auto given = segments(path);
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  std::vector<const HttpRoute*> here;
  for (const HttpRoute& route : routes_)
    if (fits(route.path, given)) here.push_back(&route);
  if (here.empty())
    return std::unexpected(
        net::error_reply(404, "not_found", fmt::format("there is no {}{}", shown(path), suggestion(path))));

  const auto exact =
      std::ranges::find_if(here, [](const HttpRoute* route) { return !route->path.contains('{'); });
  const std::string& pattern = (exact == here.end() ? here.front() : *exact)->path;
  std::erase_if(here, [&](const HttpRoute* route) { return route->path != pattern; });
  const auto found = std::ranges::find(here, wanted, &HttpRoute::method);
  if (found == here.end()) {
    std::vector<std::string> allowed;
    for (const HttpRoute* route : here) {
      allowed.push_back(route->method);
      if (route->method == "GET") allowed.emplace_back("HEAD");
    }
    auto reply =
        net::error_reply(405, "invalid", fmt::format("{} is not asked for with {}", shown(path), method));
    reply.headers.emplace_back("Allow", fmt::format("{}", fmt::join(allowed, ", ")));
    return std::unexpected(std::move(reply));
  }

  Match match{.route = *found, .names = {}};
  const auto parts = segments((*found)->path);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!is_name(parts[i])) continue;
    auto name = percent_decoded(given[i]);
    if (!name)
      return std::unexpected(net::error_reply(
          400, "invalid", fmt::format("{} is not percent-encoded as a URL is (RFC 3986)", shown(path))));
    match.names.push_back(std::move(*name));
  }
  return match;
}

std::string Router::suggestion(std::string_view path) const {
  const auto given = segments(path);
  std::vector<std::string> like;
  std::vector<std::string> all;
  for (const HttpRoute& route : routes_) {
    if (std::ranges::find(all, route.path) != all.end()) continue;
    all.push_back(route.path);
    like.push_back(filled(route.path, given));
  }
  if (path.size() <= kShownPath)
    if (std::string meant = did_you_mean(path, like); !meant.empty()) return meant;
  return fmt::format("; there are: {}", fmt::join(all, ", "));
}

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return 400;
    case ErrorCode::denied:
      return 403;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::conflict:
      return 409;
    case ErrorCode::too_large:
      return 413;
    case ErrorCode::busy:
      return 429;
    case ErrorCode::unavailable:
      return 503;
    case ErrorCode::timeout:
      return 504;
    case ErrorCode::cancelled:
    case ErrorCode::network:
    case ErrorCode::protocol:
    case ErrorCode::model:
    case ErrorCode::tool:
    case ErrorCode::store:
    case ErrorCode::internal:
      return 500;
  }
  return 500;
}

net::ServerReply failure_reply(const Error& error) {
  const bool whole_daemon = error.code == ErrorCode::busy && error.status == 503;
  const int status = whole_daemon ? error.status : status_of(error.code);
  auto reply = net::error_reply(status, word(error.code), error.message);
  if (error.retry_after)
    reply.headers.emplace_back(
        "Retry-After", std::to_string(std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count()));
  return reply;
}

net::ServerReply json_reply(const Json& body, int status) {
  net::ServerReply reply;
  reply.status = status;
  reply.body = dump(body);
  return reply;
}

}  // namespace troupe::gateway
