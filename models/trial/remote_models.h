#pragma once

#include "models/embedders/settings.h"
#include "models/settings.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"
#include "runtime/net/http_client.h"

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// An entry as far as its provider is asked which models there are.
struct RemotePlace {
  std::string provider;
  std::string base_url;
  std::string api_key;
  std::map<std::string, std::string> extra_headers;
  std::string api_version;  ///< anthropic
  bool operator==(const RemotePlace&) const = default;
};
RemotePlace remote_place(const ModelSettings& settings);
RemotePlace remote_place(const EmbedderSettings& settings);  ///< without a provider where there is no list

/// Where a list begins, without a page; "" for a provider that has none.
std::string list_url(const RemotePlace& place);
/// The address of the page behind `next`; of the first one when it is "". Pure.
std::string page_url(const RemotePlace& place, std::string_view next);

struct ModelPage {
  std::vector<std::string> names;
  std::string next;  ///< of the page behind this one; "" at the end
};
/// Errors: protocol, model.
Result<ModelPage> read_page(std::string_view provider, std::string_view body);

struct RemoteModels {
  std::vector<std::string> names;  ///< as the provider gives them
  bool cut = false;                ///< there are more than limits::kRemoteModels
};
/// Asks page by page, for limits::kRemoteTime at most. Errors name the address and hold no key; unavailable
/// for a provider that has no list.
Task<Result<RemoteModels>> remote_models(net::HttpClient& http, RemotePlace place, CallContext& context);

}  // namespace troupe::models
