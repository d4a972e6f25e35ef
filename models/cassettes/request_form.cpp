#include "models/cassettes/request_form.h"

#include "runtime/base/ascii.h"

#include <algorithm>
#include <array>

namespace troupe::models {

namespace {

constexpr std::array<std::string_view, 3> kRequestHeaders{"accept", "anthropic-version", "content-type"};
constexpr std::array<std::string_view, 4> kAnswerHeaders{"content-type", "retry-after", "retry-after-ms",
                                                         "x-should-retry"};
constexpr std::array<std::string_view, 7> kCredentials{"key",  "token", "secret", "sig",
                                                       "auth", "pass",  "cred"};

bool names_credential(std::string_view parameter) {
  const std::string name = lower(parameter);
  return std::ranges::any_of(kCredentials,
                             [&](std::string_view part) { return name.find(part) != std::string::npos; });
}

// Without user, fragment and the values of parameters that name a key.
std::string plain_url(std::string_view url) {
  url = url.substr(0, url.find('#'));
  const std::size_t question = url.find('?');
  const std::string_view place = url.substr(0, question);
  std::string out;
  std::size_t host = place.find("://");
  host = host == std::string_view::npos ? 0 : host + 3;
  const std::size_t at = place.substr(host, place.find('/', host) - host).rfind('@');
  out += place.substr(0, host);
  out += place.substr(at == std::string_view::npos ? host : host + at + 1);
  if (question == std::string_view::npos) return out;
  std::string_view query = url.substr(question + 1);
  for (char mark = '?'; !query.empty(); mark = '&') {
    const std::string_view parameter = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), parameter.size() + 1));
    const std::size_t equals = parameter.find('=');
    out += mark;
    out += parameter.substr(0, equals);
    if (equals == std::string_view::npos) continue;
    out += '=';
    out += names_credential(parameter.substr(0, equals)) ? "***" : parameter.substr(equals + 1);
  }
  return out;
}

// Through a type that sorts its keys.
Json sorted(const Json& value) {
  return Json::parse(nlohmann::json::parse(dump(value)).dump());
}

Json body_value(std::string_view body, const Secrets& secrets) {
  std::string text = redact(body, secrets);
  auto parsed = parse_json(text, limits::kJsonDepth, text.size());
  // A text that is no JSON, or is none once a secret was masked in it.
  return parsed ? sorted(*parsed) : Json(std::move(text));
}

}  // namespace

Json request_form(const net::HttpRequest& request, const Secrets& secrets) {
  Json headers = Json::object();
  for (std::string_view wanted : kRequestHeaders)
    for (const auto& [name, value] : request.headers)
      if (lower(name) == wanted) headers[std::string(wanted)] = redact(value, secrets);
  return {{"method", request.method},
          {"url", redact(plain_url(request.url), secrets)},
          {"headers", std::move(headers)},
          {"body", body_value(request.body, secrets)}};
}

net::Headers kept_headers(const net::HttpHead& head, const Secrets& secrets) {
  net::Headers kept;
  for (const auto& [name, value] : head.headers)
    if (std::ranges::find(kAnswerHeaders, name) != kAnswerHeaders.end())
      kept.emplace_back(name, redact(value, secrets));
  return kept;
}

}  // namespace troupe::models
