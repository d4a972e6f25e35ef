#include "gateway/http/knowledge_routes.h"

#include "gateway/http/json_body.h"
#include "memory/knowledge/search/retrieved_json.h"
#include "memory/knowledge/source_name.h"
#include "runtime/base/json.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace troupe::gateway {

namespace {

std::string word(const OfferedBase& base) {
  if (!base.index_plugin.empty()) return "plugin/" + base.index_plugin;
  if (!base.index) return "auto";
  return *base.index == memory::IndexKind::flat ? "flat" : "hnsw";
}

// Without where the embedder is reached and what it is sent, which are no client's business.
Json shown_embedding(const std::string& identity) {
  Json shown = Json::object();
  const auto whole = parse_json(identity);
  if (!whole) return shown;
  for (const char* key : {"provider", "model", "version", "dimensions"})
    if (const Json* value = find(*whole, key)) shown[key] = *value;
  return shown;
}

// What this tenant finds in it: everybody's and its own.
Json as_json(const OfferedBase& base, const std::vector<memory::BaseRow>& rows, const std::string& tenant) {
  std::int64_t documents = 0;
  std::int64_t chunks = 0;
  std::string embedding;
  for (const memory::BaseRow& row : rows) {
    if (row.key.name != base.name || (!row.key.tenant.empty() && row.key.tenant != tenant)) continue;
    documents += row.documents;
    chunks += row.chunks;
    if (row.key.tenant.empty() || embedding.empty()) embedding = row.embedding;
  }
  Json json = {{"name", base.name},
               {"description", base.description},
               {"documents", documents},
               {"chunks", chunks},
               {"embedding", shown_embedding(base.embedding)},
               {"index", word(base)}};
  if (!embedding.empty() && embedding != base.embedding) json["stale"] = true;
  return json;
}

/// What a search used, as it tells of it. Nobody follows it live; what it warns of is among its remarks.
class Uses final : public EventSink {
 public:
  void publish(Event event) override {
    if (event.type == "usage") list.push_back(std::move(event.fields));
  }
  Json list = Json::array();
};

struct Wanted {
  std::string query;
  memory::SearchOverrides overrides;
};

Result<Wanted> wanted_of(Json body) {
  const Json* query = find(body, "query");
  if (!query || !query->is_string())
    return fail(ErrorCode::invalid, "/query: is missing or no text; write what to look for");
  Wanted wanted{.query = query->get<std::string>(), .overrides = {}};
  body.erase("query");
  auto overrides = memory::overrides_from(body);
  if (!overrides) return std::unexpected(overrides.error());
  wanted.overrides = std::move(*overrides);
  return wanted;
}

}  // namespace

void KnowledgeRoutes::add_to(Router& router) {
  router.add({.method = "GET", .path = "/v1/knowledge", .answer = [this](HttpCall call) {
                return list(std::move(call));
              }});
  router.add({.method = "POST", .path = "/v1/knowledge/{knowledge}/search", .answer = [this](HttpCall call) {
                return search(std::move(call));
              }});
}

Task<net::ServerReply> KnowledgeRoutes::list(HttpCall call) {
  auto rows = co_await store_.list_bases();
  if (!rows) co_return failure_reply(rows.error());
  Json body = {{"knowledge", Json::array()}};
  for (const OfferedBase& base : offer_().bases)
    body["knowledge"].push_back(as_json(base, *rows, call.principal.tenant));
  co_return json_reply(body);
}

Task<net::ServerReply> KnowledgeRoutes::search(HttpCall call) {
  auto body = json_object_of(call.request);
  if (!body) co_return std::move(body.error());
  auto wanted = wanted_of(std::move(*body));
  if (!wanted) co_return failure_reply(wanted.error());
  if (searching_ >= kSearches) {
    Error busy{.code = ErrorCode::busy,
               .message = fmt::format("{} searches are at work, the most there may be; try again", kSearches),
               .retry_after = std::chrono::seconds(1)};
    co_return failure_reply(busy);
  }
  struct Counted {
    std::size_t& count;
    explicit Counted(std::size_t& searches) : count(searches) { ++count; }
    ~Counted() { --count; }
  } counted(searching_);

  const auto knowledge = offer_().knowledge;  // a reload puts another in its place
  Stop stop(call.drain);
  const Instant end = loop_.clock().now() + kSearchTime;
  auto alarm = loop_.at(end, [&stop] { stop.request(StopReason::deadline); });
  Uses uses;
  CallContext context{
      .loop = loop_, .stop = stop, .deadline = Deadline(end), .events = uses, .principal = call.principal};
  auto found = co_await knowledge->search(call.names[0], std::move(wanted->query),
                                          std::move(wanted->overrides), context);
  if (!found) co_return failure_reply(found.error());
  for (memory::Hit& hit : found->hits) hit.source = memory::shown_address(hit.source);
  Json answer = memory::to_json(*found);
  if (!uses.list.empty()) answer["usage"] = std::move(uses.list);
  co_return json_reply(answer);
}

}  // namespace troupe::gateway
