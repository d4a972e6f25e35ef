#include "gateway/http/catalog_routes.h"

#include "agents/chains/chain.h"
#include "agents/teams/team.h"
#include "models/catalog.h"
#include "models/provider_facts.h"
#include "runtime/base/json.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::gateway {

namespace {

Json agents_of(const Offer& offer) {
  Json list = Json::array();
  for (const auto& [name, agent] : offer.catalog->agents) {
    Json one = {{"name", name}, {"description", agent->settings.description}};
    if (name == offer.catalog->default_target) one["default"] = true;
    list.push_back(std::move(one));
  }
  return {{"agents", std::move(list)}};
}

Json chains_of(const Offer& offer) {
  Json list = Json::array();
  for (const auto& [name, chain] : offer.catalog->chains) {
    Json one = {{"name", name}, {"description", chain->settings.description}, {"inputs", chain->inputs}};
    if (name == offer.catalog->default_target) one["default"] = true;
    list.push_back(std::move(one));
  }
  return {{"chains", std::move(list)}};
}

Json teams_of(const Offer& offer) {
  Json list = Json::array();
  for (const auto& [name, team] : offer.catalog->teams) {
    Json members = Json::array();
    for (const agents::MemberView& one : team->views)
      members.push_back({{"name", one.name}, {"description", one.description}});
    Json inputs = Json::array();
    for (const agents::TeamInput& one : agents::inputs_of(team->settings)) inputs.push_back(one.name);
    Json one = {{"name", name},
                {"description", team->settings.description},
                {"pattern", agents::word(team->settings.pattern)},
                {"members", std::move(members)},
                {"inputs", std::move(inputs)}};
    if (name == offer.catalog->default_target) one["default"] = true;
    list.push_back(std::move(one));
  }
  return {{"teams", std::move(list)}};
}

Json tools_of(const Offer& offer) {
  Json list = Json::array();
  for (const auto& [name, tool] : *offer.tools) {
    const tools::ToolSpec& spec = tool->spec();
    Json one = {{"name", name}, {"description", spec.declaration.description}, {"effect", word(spec.effect)}};
    if (auto schema = parse_json(spec.declaration.schema)) one["input"] = std::move(*schema);
    list.push_back(std::move(one));
  }
  return {{"tools", std::move(list)}};
}

Json providers_of(const Offer& offer) {
  Json list = Json::array();
  std::vector<std::string_view> names = models::provider_names();
  for (const OfferedModel& model : offer.models)  // plugins, of which only those in use are known
    if (std::ranges::find(names, model.provider) == names.end()) names.push_back(model.provider);
  for (const std::string_view name : names) {
    const models::Abilities can = models::abilities_of(name);
    Json entries = Json::array();
    for (const OfferedModel& model : offer.models)
      if (model.provider == name) entries.push_back({{"name", model.name}, {"model", model.model}});
    list.push_back({{"name", name},
                    {"stream", can.stream},
                    {"tools", can.tools},
                    {"images", can.images},
                    {"schema", can.schema},
                    {"models", std::move(entries)}});
  }
  return {{"providers", std::move(list)}};
}

Task<net::ServerReply> answer(Json body) {
  co_return json_reply(body);
}

}  // namespace

void CatalogRoutes::add_to(Router& router) {
  const auto add = [&](const char* path, Json (*list)(const Offer&)) {
    router.add(
        {.method = "GET", .path = path, .answer = [this, list](HttpCall) { return answer(list(offer_())); }});
  };
  add("/v1/agents", agents_of);
  add("/v1/chains", chains_of);
  add("/v1/teams", teams_of);
  add("/v1/tools", tools_of);
  add("/v1/providers", providers_of);
}

}  // namespace troupe::gateway
