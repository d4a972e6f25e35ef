#include "models/trial/remote_models.h"

#include "models/embedders/huggingface_embedding.h"
#include "models/endpoint.h"
#include "models/limits.h"
#include "models/provider_facts.h"
#include "models/providers/anthropic_codec.h"
#include "models/providers/complaint.h"
#include "models/providers/http_entry.h"
#include "models/trial/bounded.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::models {

namespace {

// A base URL that names a whole endpoint, without what stands behind the API's beginning.
std::string_view api_base(std::string_view url) {
  for (std::string_view tail : {"/chat/completions", "/embeddings", "/messages", "/chat", "/embed"})
    if (url.ends_with(tail)) return url.substr(0, url.size() - tail.size());
  return url;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (unsigned char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain)
      out += static_cast<char>(c);
    else
      out += fmt::format("%{:02X}", c);
  }
  return out;
}

net::Headers headers_of(const RemotePlace& place) {
  net::Headers headers;
  if (place.provider == "anthropic")
    headers.emplace_back("anthropic-version",
                         place.api_version.empty() ? std::string(kAnthropicVersion) : place.api_version);
  if (place.api_key.empty()) return headers;
  if (place.provider == "anthropic")
    headers.emplace_back("x-api-key", place.api_key);
  else if (place.provider == "gemini")
    headers.emplace_back("x-goog-api-key", place.api_key);
  else
    headers.emplace_back("authorization", "Bearer " + place.api_key);
  return headers;
}

// "models/gemini-2.5-flash" is written without its folder in a configuration.
std::string plain_name(std::string name) {
  if (name.starts_with("models/")) name.erase(0, 7);
  return name;
}

const Json* list_in(const Json& answer) {
  for (std::string_view key : {"data", "models"})
    if (const Json* list = find(answer, key); list && list->is_array()) return list;
  return answer.is_array() ? &answer : nullptr;
}

std::string next_in(std::string_view provider, const Json& answer) {
  if (provider == "gemini") return string_or(answer, "nextPageToken");
  const Json* more = find(answer, "has_more");
  if (provider == "anthropic" && more && more->is_boolean() && more->get<bool>())
    return string_or(answer, "last_id");
  return "";
}

HttpEntry entry_at(const RemotePlace& place, const std::string& url) {
  return HttpEntry({.noun = "models of",
                    .name = place.provider,
                    .model = "list",
                    .api_key = place.api_key,
                    .extra_headers = place.extra_headers,
                    .timeout = limits::kRemoteTime},
                   {.url = url, .headers = headers_of(place)}, "application/json");
}

}  // namespace

RemotePlace remote_place(const ModelSettings& settings) {
  return {.provider = settings.provider,
          .base_url = settings.base_url,
          .api_key = settings.api_key,
          .extra_headers = settings.extra_headers,
          .api_version = settings.api_version};
}

RemotePlace remote_place(const EmbedderSettings& settings) {
  // The router lists models that chat, and Text Embeddings Inference has one.
  if (settings.provider == "huggingface" &&
      huggingface_route(settings).format != HuggingFaceRoute::Format::openai)
    return {};
  return {.provider = settings.provider,
          .base_url = settings.base_url,
          .api_key = settings.api_key,
          .extra_headers = settings.extra_headers};
}

std::string list_url(const RemotePlace& place) {
  const std::string_view base = api_base(base_of(place.provider, place.base_url));
  if (place.provider == "ollama") return endpoint(base, "/api", "/tags");
  if (place.provider == "gemini") return endpoint(base, "/v1beta", "/models");
  return base.empty() ? "" : endpoint(base, "/v1", "/models");
}

std::string page_url(const RemotePlace& place, std::string_view next) {
  std::string url = list_url(place);
  if (place.provider == "gemini") url += "?pageSize=1000";
  if (place.provider == "anthropic") url += "?limit=1000";
  if (!next.empty()) url += (place.provider == "gemini" ? "&pageToken=" : "&after_id=") + escaped(next);
  return url;
}

Result<ModelPage> read_page(std::string_view provider, std::string_view body) {
  auto answer = parse_json(body);
  if (!answer)
    return fail(ErrorCode::protocol, fmt::format("the answer is no JSON: {}",
                                                 ProviderComplaint::read_text(body.substr(0, 120)).message));
  const Json* list = list_in(*answer);
  if (!list && is_error_body(*answer)) return fail(complaint_error(ProviderComplaint::read(*answer), 200));
  if (!list)
    return fail(ErrorCode::protocol,
                fmt::format("the answer has no list of models: {}", dump(*answer).substr(0, 120)));
  ModelPage page;
  for (const Json& model : *list) {
    const std::string id = string_or(model, "id", string_or(model, "name", string_or(model, "model")));
    if (!id.empty()) page.names.push_back(plain_name(id));
  }
  page.next = next_in(provider, *answer);
  return page;
}

Task<Result<RemoteModels>> remote_models(net::HttpClient& http, RemotePlace place, CallContext& context) {
  if (list_url(place).empty())
    co_return fail(ErrorCode::unavailable, fmt::format("provider {} has no list of models", place.provider));
  CallContext own = bounded(context, limits::kRemoteTime);
  RemoteModels models;
  std::string next;
  for (std::size_t pages = 0; pages < limits::kRemotePages; ++pages) {
    HttpEntry entry = entry_at(place, page_url(place, next));
    Result<net::HttpResponse> response = co_await http.fetch(entry.get(limits::kRemoteBytes, own), own.stop);
    if (!response) co_return entry.unanswered(std::move(response.error()), limits::kRemoteBytes);
    if (response->status < 200 || response->status >= 300)
      co_return entry.refused(complaint_error(ProviderComplaint::read_text(response->body), response->status),
                              *response, context.loop.clock());
    Result<ModelPage> page = read_page(place.provider, response->body);
    if (!page) co_return entry.named(std::move(page.error()));
    for (std::string& name : page->names) models.names.push_back(std::move(name));
    const bool stuck = page->next == next;
    next = std::move(page->next);
    models.cut = models.names.size() > limits::kRemoteModels || !next.empty();
    if (next.empty() || stuck || models.names.size() > limits::kRemoteModels) break;
  }
  if (models.names.size() > limits::kRemoteModels) models.names.resize(limits::kRemoteModels);
  co_return models;
}

}  // namespace troupe::models
