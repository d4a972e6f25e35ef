#include "tests/fakes/recorded_services.h"

#include "tests/fakes/fixtures.h"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace troupe::fakes {

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

constexpr const char* kRecordings[] = {"agents_3",
                                       "agents_8",
                                       "agents_with_events_with_no_content_8",
                                       "basic_search_0",
                                       "factory_with_bound_params_0",
                                       "search_with_include_domains_0"};

PeerReply tavily_error(int status, const char* text) {
  return PeerReply::json(dump(Json{{"detail", {{"error", text}}}}), status);
}

PeerReply travelling(PeerReply reply, Travel travel) {
  switch (travel) {
    case Travel::plain:
      return reply;
    case Travel::odd_chunks:
      return std::move(reply).chunked({1, 7, 2, 1021, 3});
    case Travel::gzip:
      return std::move(reply).gzip();
    case Travel::slow:
      return std::move(reply).slowly(997, std::chrono::milliseconds(1));
  }
  return reply;
}

}  // namespace

RecordedServices::RecordedServices(Travel travel) : travel_(travel) {
  for (const char* name : kRecordings) {
    const Json record = Json::parse(read_fixture("tavily/" + std::string(name) + ".json"));
    const Json& response = record.at("response");
    const Json* raw = find(response, "body_raw");
    Json body = raw ? Json::parse(raw->get<std::string>()) : response.at("body_json");
    const std::string query = string_or(body, "query");
    searches_.emplace(lower(query), std::move(body));
  }
  std::istringstream lines(read_fixture("tavily/tavily_result_lists.jsonl.gz"));
  for (std::string line; std::getline(lines, line);) {
    const Json record = Json::parse(line);
    const std::string query = string_or(record, "query_if_stated");
    if (!query.empty())
      searches_.emplace(lower(query), Json{{"query", query},
                                           {"answer", nullptr},
                                           {"images", Json::array()},
                                           {"results", record.at("results")}});
  }
}

std::vector<std::string> RecordedServices::web_searches() const {
  std::vector<std::string> queries;
  for (const auto& [query, body] : searches_) queries.push_back(string_or(body, "query"));
  return queries;
}

PeerReply RecordedServices::tavily_search(const Json& asked) const {
  const auto found = searches_.find(lower(string_or(asked, "query")));
  Json body{{"query", string_or(asked, "query")}, {"answer", nullptr}, {"results", Json::array()}};
  if (found != searches_.end()) body = found->second;
  const Json* count = find(asked, "max_results");
  const std::size_t most = count && count->is_number_unsigned() ? count->get<std::size_t>() : 5;
  Json& results = body["results"];
  if (results.size() > most)
    results.erase(results.begin() + static_cast<std::ptrdiff_t>(most), results.end());
  const Json* wants_answer = find(asked, "include_answer");
  if (!wants_answer || *wants_answer != true) body["answer"] = nullptr;
  return PeerReply::json(dump(body));
}

// The passages that a search showed of a page stand for the page.
PeerReply RecordedServices::tavily_extract(const Json& asked) const {
  Json results = Json::array(), failures = Json::array();
  for (const Json& url : asked.value("urls", Json::array())) {
    std::string text;
    for (const auto& [query, body] : searches_)
      for (const Json& result : body.at("results"))
        if (string_or(result, "url") == url.get<std::string>())
          text = string_or(result, "raw_content", string_or(result, "content"));
    if (text.empty()) {
      failures.push_back(Json{{"url", url}, {"error", "Failed to fetch url"}});
    } else {
      results.push_back(Json{{"url", url}, {"raw_content", text}, {"images", Json::array()}});
    }
  }
  return PeerReply::json(
      dump(Json{{"results", results}, {"failed_results", failures}, {"response_time", 0.02}}));
}

PeerReply RecordedServices::answer(const PeerRequest& request) const {
  if (request.path.ends_with("/api.php")) return travelling(wiki_.answer(request), travel_);
  if (request.method != "POST" || (!request.path.ends_with("/search") && !request.path.ends_with("/extract")))
    return PeerReply::html("<html><body><h1>404 Not Found</h1></body></html>", 404);
  if (request.header("authorization") != std::string("Bearer ") + kTavilyKey)
    return tavily_error(401, "Unauthorized: missing or invalid API key.");
  const auto asked = parse_json(request.body);
  if (!asked || !asked->is_object()) return tavily_error(400, "Invalid JSON in the request body.");
  return travelling(request.path.ends_with("/search") ? tavily_search(*asked) : tavily_extract(*asked),
                    travel_);
}

}  // namespace troupe::fakes
