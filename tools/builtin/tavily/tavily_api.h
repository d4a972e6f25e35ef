#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "tools/tool.h"

#include <string>
#include <string_view>
#include <vector>

/// The Tavily API (https://docs.tavily.com/documentation/api-reference), as far as this tool speaks it. No
/// I/O.
namespace troupe::tools::tavily {

struct SearchRequest {
  std::string query;
  int max_results = 5;
  std::string search_depth;  ///< basic | advanced
  std::string topic;         ///< general | news | finance; "" = the service's default
  std::string time_range;    ///< day | week | month | year; "" = any
  std::vector<std::string> include_domains;
  std::vector<std::string> exclude_domains;
  bool include_answer = false;
};
std::string search_body(const SearchRequest& request);

struct Found {
  std::string title;
  std::string url;
  std::string content;
  std::string published;  ///< news only
};
struct SearchAnswer {
  std::string answer;  ///< written by the service, or ""
  std::vector<Found> results;
};
/// Errors: protocol.
Result<SearchAnswer> decode_search(const Json& body);
/// Numbered, each with title, address and text.
ToolOutput render(const SearchRequest& request, const SearchAnswer& answer);

std::string extract_body(const std::vector<std::string>& urls, bool advanced);
struct Extract {
  std::string url;
  std::string text;   ///< "" when it failed
  std::string error;  ///< why it failed, or ""
};
/// Errors: protocol.
Result<std::vector<Extract>> decode_extract(const Json& body);
/// The texts, each with an equal share of `bytes_max`. Errors: tool, when none could be read.
Result<ToolOutput> render(const std::vector<Extract>& extracts, std::size_t bytes_max);

/// What an answer other than 200 means, for the model and for the operator. Never shows the key.
Error refused(int status, std::string_view body, std::string_view api_key);

}  // namespace troupe::tools::tavily
