#include "tools/builtin/tavily/tavily_api.h"

#include "tools/builtin/text/html_text.h"
#include "tools/builtin/web_service.h"
#include "tools/observation.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools::tavily {

namespace {

constexpr std::size_t kContentBytes = 2'000;  // of one result; the service promises a few hundred

std::string one_line_title(const std::string& title, const std::string& url) {
  std::string text = fold_blanks(title);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text.empty() ? url : text;
}

// "detail": {"error": "…"} or a string, or FastAPI's list of problems; "error": "…" elsewhere.
std::string message_in(std::string_view body) {
  const auto parsed = parse_json(body);
  if (!parsed) return excerpt(body);
  for (const char* name : {"detail", "error", "message"}) {
    const Json* value = find(*parsed, name);
    if (!value) continue;
    if (value->is_string()) return excerpt(value->get<std::string>());
    if (value->is_object()) return excerpt(string_or(*value, "error", dump(*value)));
    if (value->is_array() && !value->empty())
      return excerpt(string_or(value->front(), "msg", dump(value->front())));
  }
  return excerpt(body);
}

}  // namespace

std::string search_body(const SearchRequest& request) {
  Json body{{"query", request.query},
            {"max_results", request.max_results},
            {"search_depth", request.search_depth.empty() ? "basic" : request.search_depth},
            {"include_answer", request.include_answer}};
  if (!request.topic.empty()) body["topic"] = request.topic;
  if (!request.time_range.empty()) body["time_range"] = request.time_range;
  if (!request.include_domains.empty()) body["include_domains"] = request.include_domains;
  if (!request.exclude_domains.empty()) body["exclude_domains"] = request.exclude_domains;
  return dump(body);
}

Result<SearchAnswer> decode_search(const Json& body) {
  const Json* results = find(body, "results");
  if (!results || !results->is_array())
    return fail(ErrorCode::protocol, "Tavily's answer has no `results` in it");
  SearchAnswer answer;
  answer.answer = string_or(body, "answer");
  for (const Json& result : *results) {
    Found found{string_or(result, "title"), string_or(result, "url"), string_or(result, "content"),
                string_or(result, "published_date")};
    if (!found.url.empty() || !found.content.empty()) answer.results.push_back(std::move(found));
  }
  return answer;
}

ToolOutput render(const SearchRequest& request, const SearchAnswer& answer) {
  ToolOutput output;
  if (!answer.answer.empty())
    output.text = fmt::format("Answer in short: {}\n\n", fold_blanks(answer.answer));
  int number = 0;
  for (const Found& found : answer.results) {
    const std::string title = one_line_title(found.title, found.url);
    const std::string content = fold_blanks(decode_entities(found.content));
    output.text += fmt::format("{}. {}\n{}{}\n{}\n\n", ++number, title, found.url,
                               found.published.empty() ? "" : fmt::format(" ({})", found.published),
                               beginning(content, kContentBytes));
    output.sources.push_back({title, found.url});
  }
  if (answer.results.empty() && answer.answer.empty())
    output.text = fmt::format(
        "Nothing was found for `{}`. Try other words{}.", request.query,
        request.include_domains.empty() && request.time_range.empty() ? "" : ", or fewer restrictions");
  while (output.text.ends_with('\n')) output.text.pop_back();
  return output;
}

std::string extract_body(const std::vector<std::string>& urls, bool advanced) {
  return dump(
      Json{{"urls", urls}, {"extract_depth", advanced ? "advanced" : "basic"}, {"format", "markdown"}});
}

Result<std::vector<Extract>> decode_extract(const Json& body) {
  const Json* results = find(body, "results");
  if (!results || !results->is_array())
    return fail(ErrorCode::protocol, "Tavily's answer has no `results` in it");
  std::vector<Extract> extracts;
  for (const Json& result : *results)
    extracts.push_back({string_or(result, "url"), fold_blanks(string_or(result, "raw_content")), ""});
  if (const Json* failures = find(body, "failed_results"); failures && failures->is_array())
    for (const Json& failure : *failures)
      extracts.push_back({string_or(failure, "url"), "", string_or(failure, "error", "no reason given")});
  return extracts;
}

Result<ToolOutput> render(const std::vector<Extract>& extracts, std::size_t bytes_max) {
  const auto read =
      std::count_if(extracts.begin(), extracts.end(), [](const Extract& e) { return !e.text.empty(); });
  ToolOutput output;
  std::string failures;
  for (const Extract& extract : extracts) {
    if (extract.text.empty()) {
      failures += fmt::format("{} could not be read: {}\n", extract.url,
                              extract.error.empty() ? "it has no text" : extract.error);
      continue;
    }
    const std::size_t share = bytes_max / static_cast<std::size_t>(read);
    const std::string_view shown = beginning(extract.text, share);
    output.text += fmt::format("{}\n{}{}\n\n", extract.url, shown,
                               shown.size() < extract.text.size()
                                   ? fmt::format("\n[{} of {} bytes]", shown.size(), extract.text.size())
                                   : "");
    output.sources.push_back({extract.url, extract.url});
  }
  if (read == 0)
    return fail(ErrorCode::tool, failures.empty() ? "Tavily returned no page"
                                                  : failures + "Try another address, or search instead.");
  output.text += failures;
  while (output.text.ends_with('\n')) output.text.pop_back();
  return output;
}

Error refused(int status, std::string_view body, std::string_view api_key) {
  std::string said = message_in(body);
  // Some services repeat the key they did not like.
  for (auto at = said.find(api_key); !api_key.empty() && at != std::string::npos; at = said.find(api_key))
    said.replace(at, api_key.size(), "***");
  Error error{ErrorCode::tool, ""};
  error.status = status;
  error.retryable = status == 429 || status >= 500;
  switch (status) {
    case 400:
    case 422:
      error.code = ErrorCode::invalid;
      error.message = fmt::format("Tavily does not accept these arguments: {}", said);
      break;
    case 401:
      error.code = ErrorCode::denied;
      error.message =
          "Tavily refuses the API key of this tool (HTTP 401). Web search cannot be used until the operator "
          "sets a valid api_key; "
          "go on without it.";
      break;
    case 403:
      error.code = ErrorCode::denied;
      error.message =
          fmt::format("Tavily does not allow this (HTTP 403): {}. Try another address or query.", said);
      break;
    case 429:
      error.code = ErrorCode::busy;
      error.message = "Tavily asks for fewer requests (HTTP 429). Go on without it, or try again later.";
      break;
    case 432:
    case 433:
      error.code = ErrorCode::denied;
      error.message = fmt::format(
          "the {} of the Tavily account is used up (HTTP {}). Web search cannot be used until the operator "
          "raises it; "
          "go on without it.",
          status == 432 ? "plan's usage limit" : "pay-as-you-go limit", status);
      break;
    default:
      error.message =
          fmt::format("Tavily answered HTTP {}: {}. {}", status, said,
                      status >= 500 ? "Try again later, or go on without it." : "Go on without it.");
  }
  return error;
}

}  // namespace troupe::tools::tavily
