#include "tools/builtin/tavily/tavily_tool.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr int kResultsMax = 20;
constexpr std::size_t kUrlsMax = 20;
constexpr auto kIdle = std::chrono::seconds(30);  // an advanced search thinks before its first byte

constexpr const char* kDescription =
    "Searches the web and returns pages with title, address and the passages that matter; use it for what is "
    "recent or not in "
    "an encyclopedia. Or reads whole pages: give `urls` instead of `query`.";

constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "query": {"type": "string", "minLength": 1, "maxLength": 400, "description": "what to search for"},
    "urls": {"type": "array", "items": {"type": "string", "pattern": "^https?://", "maxLength": 2048}, "minItems": 1, "maxItems": 20,
             "description": "pages to read instead of searching"},
    "max_results": {"type": "integer", "minimum": 1, "maximum": 20},
    "search_depth": {"type": "string", "enum": ["basic", "advanced"], "description": "advanced is slower and more thorough; also for reading pages"},
    "topic": {"type": "string", "enum": ["general", "news", "finance"]},
    "time_range": {"type": "string", "enum": ["day", "week", "month", "year"], "description": "only pages this recent"},
    "include_domains": {"type": "array", "items": {"type": "string", "maxLength": 253}, "maxItems": 50, "description": "only these sites"},
    "exclude_domains": {"type": "array", "items": {"type": "string", "maxLength": 253}, "maxItems": 50},
    "include_answer": {"type": "boolean", "description": "also a short answer written by the service"}
  },
  "anyOf": [{"required": ["query"]}, {"required": ["urls"]}],
  "additionalProperties": false
})json";

std::vector<std::string> strings_in(const Json& arguments, const char* name) {
  std::vector<std::string> strings;
  const Json* list = find(arguments, name);
  if (!list || !list->is_array()) return strings;
  for (const Json& item : *list)
    if (item.is_string()) strings.push_back(item.get<std::string>());
  return strings;
}

// "www.bbc.co.uk" belongs to "bbc.co.uk".
bool belongs_to(const std::string& domain, const std::string& site) {
  return domain == site || (domain.size() > site.size() && domain.ends_with(site) &&
                            domain[domain.size() - site.size() - 1] == '.');
}

bool one_of(const std::string& value, std::initializer_list<std::string_view> allowed) {
  return std::find(allowed.begin(), allowed.end(), value) != allowed.end();
}

}  // namespace

Result<std::unique_ptr<Tool>> TavilyTool::make(const ToolSettings& settings, net::HttpClient& http,
                                               std::string user_agent, Patience patience) {
  if (settings.api_key.empty())
    return fail(ErrorCode::invalid,
                "api_key is missing: get one from tavily.com and set e.g. api_key: \"${TAVILY_API_KEY}\"");
  // It becomes a header: a line break in it would start another one.
  if (std::any_of(settings.api_key.begin(), settings.api_key.end(),
                  [](unsigned char c) { return c <= 0x20 || c >= 0x7F; }))
    return fail(ErrorCode::invalid, "api_key has blanks or other characters that no key has");
  if (auto fine = check_base_url(settings.base_url); !fine) return fail(std::move(fine.error()));
  if (!one_of(settings.search_depth, {"", "basic", "advanced"}))
    return fail(ErrorCode::invalid,
                fmt::format("search_depth `{}` must be basic or advanced", settings.search_depth));
  if (!one_of(settings.topic, {"", "general", "news", "finance"}))
    return fail(ErrorCode::invalid,
                fmt::format("topic `{}` must be general, news or finance", settings.topic));
  if (settings.max_results < 1 || settings.max_results > kResultsMax)
    return fail(ErrorCode::invalid,
                fmt::format("max_results must be from 1 to {}, is {}", kResultsMax, settings.max_results));
  return std::unique_ptr<Tool>(new TavilyTool(settings, http, std::move(user_agent), patience));
}

TavilyTool::TavilyTool(const ToolSettings& settings, net::HttpClient& http, std::string user_agent,
                       Patience patience)
    : http_(http),
      settings_(settings),
      base_url_(settings.base_url.empty() ? "https://api.tavily.com" : settings.base_url),
      user_agent_(std::move(user_agent)),
      patience_(patience) {
  spec_.declaration = {settings.name, settings.description.empty() ? kDescription : settings.description,
                       kSchema};
  spec_.effect = Effect::pure;
}

Task<Result<ToolOutput>> TavilyTool::call(ToolInput input, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped("tavily", context.stop.reason()));
  if (find(input.arguments, "urls")) co_return co_await extract(std::move(input.arguments), context);
  co_return co_await search(std::move(input.arguments), context);
}

Result<tavily::SearchRequest> TavilyTool::search_request(const Json& arguments) const {
  tavily::SearchRequest request;
  request.query = string_or(arguments, "query");
  if (request.query.empty())
    return fail(ErrorCode::invalid, "`query` is missing: say what to search for, or give `urls` to read");
  request.max_results = settings_.max_results;
  if (const Json* count = find(arguments, "max_results"); count && count->is_number())
    request.max_results = static_cast<int>(std::clamp(count->get<double>(), 1.0, double{kResultsMax}));
  request.search_depth = string_or(arguments, "search_depth", settings_.search_depth);
  request.topic = string_or(arguments, "topic", settings_.topic);
  request.time_range = string_or(arguments, "time_range");
  request.include_answer = settings_.include_answer;
  if (const Json* wanted = find(arguments, "include_answer"); wanted && wanted->is_boolean())
    request.include_answer = wanted->get<bool>();
  request.exclude_domains = settings_.exclude_domains;
  for (std::string& domain : strings_in(arguments, "exclude_domains"))
    request.exclude_domains.push_back(std::move(domain));
  request.include_domains = strings_in(arguments, "include_domains");
  if (request.include_domains.empty()) {
    request.include_domains = settings_.include_domains;
  } else if (!settings_.include_domains.empty()) {
    std::erase_if(request.include_domains, [&](const std::string& domain) {
      return std::none_of(settings_.include_domains.begin(), settings_.include_domains.end(),
                          [&](const std::string& site) { return belongs_to(domain, site); });
    });
    if (request.include_domains.empty())
      return fail(ErrorCode::denied,
                  fmt::format("this tool searches only {}; leave include_domains out or name some of these",
                              fmt::join(settings_.include_domains, ", ")));
  }
  return request;
}

Task<Result<ToolOutput>> TavilyTool::search(Json arguments, CallContext& context) {
  auto request = search_request(arguments);
  if (!request) co_return fail(request.error());
  auto body = co_await post("/search", tavily::search_body(*request), context);
  if (!body) co_return fail(body.error());
  auto answer = tavily::decode_search(*body);
  if (!answer) co_return fail(answer.error());
  co_return tavily::render(*request, *answer);
}

Task<Result<ToolOutput>> TavilyTool::extract(Json arguments, CallContext& context) {
  std::vector<std::string> urls = strings_in(arguments, "urls");
  if (urls.empty()) co_return fail(ErrorCode::invalid, "`urls` must be a list of addresses");
  if (urls.size() > kUrlsMax)
    co_return fail(ErrorCode::invalid, fmt::format("at most {} pages are read at once", kUrlsMax));
  for (const std::string& url : urls)
    if (!url.starts_with("http://") && !url.starts_with("https://"))
      co_return fail(ErrorCode::invalid,
                     fmt::format("`{}` is no web address; it must begin with http:// or https://", url));
  const bool advanced = string_or(arguments, "search_depth", settings_.search_depth) == "advanced";
  auto body = co_await post("/extract", tavily::extract_body(urls, advanced), context);
  if (!body) co_return fail(body.error());
  auto extracts = tavily::decode_extract(*body);
  if (!extracts) co_return fail(extracts.error());
  // What the agent reads of it is cut once more, to its own limit.
  co_return tavily::render(*extracts, limits::kEventBytes);
}

Task<Result<Json>> TavilyTool::post(std::string path, std::string body, CallContext& context) {
  net::HttpRequest request;
  request.method = "POST";
  request.url = base_url_;
  while (request.url.ends_with('/')) request.url.pop_back();
  request.url += path;
  request.headers = {{"Authorization", "Bearer " + settings_.api_key},
                     {"Content-Type", "application/json"},
                     {"Accept", "application/json"},
                     {"User-Agent", user_agent_}};
  request.body = std::move(body);
  request.idle_timeout = kIdle;
  auto answer = co_await fetch_patiently(http_, std::move(request), patience_, context);
  if (!answer) co_return within("Tavily could not be asked", answer.error());
  if (answer->status != 200) co_return fail(tavily::refused(answer->status, answer->body, settings_.api_key));
  co_return json_body(*answer, "Tavily");
}

}  // namespace troupe::tools
