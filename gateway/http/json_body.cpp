#include "gateway/http/json_body.h"

#include "runtime/base/ascii.h"

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace troupe::gateway {

namespace {

// The media type of a Content-Type, without its parameters, in lower case.
std::string media_type(std::string_view header) {
  std::string type(header.substr(0, header.find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  return lower(type);
}

}  // namespace

std::expected<void, net::ServerReply> check_json_type(const net::ServerRequest& request) {
  const std::string type = media_type(request.header("content-type"));
  if (request.count("content-type") > 0 && type != "application/json" && !type.ends_with("+json"))
    return std::unexpected(net::error_reply(
        415, "invalid",
        fmt::format("the body is `{}`; send Content-Type: application/json", type.substr(0, 80))));
  if (const std::string coding = media_type(request.header("content-encoding"));
      !coding.empty() && coding != "identity")
    return std::unexpected(net::error_reply(415, "invalid", "send the body without Content-Encoding"));
  return {};
}

std::expected<Json, net::ServerReply> json_object_of(const net::ServerRequest& request) {
  if (auto typed = check_json_type(request); !typed) return std::unexpected(std::move(typed.error()));
  auto body = parse_json(request.body);
  if (!body)
    return std::unexpected(net::error_reply(
        400, "invalid", fmt::format("the body is not the JSON that is wanted: {}", body.error().message)));
  if (!body->is_object())
    return std::unexpected(net::error_reply(400, "invalid", "the body is no JSON object"));
  return std::move(*body);
}

}  // namespace troupe::gateway
