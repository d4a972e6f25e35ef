#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The MediaWiki action API (https://www.mediawiki.org/wiki/API:Query), as far as this tool speaks it: which
/// parameters to send and what the answers say, in the shapes of formatversion 1 and 2. No I/O.
namespace troupe::tools::mediawiki {

using Parameters = std::vector<std::pair<std::string, std::string>>;

Parameters search_parameters(const std::string& words, int count, int offset);
/// The whole text of one page, with its URL and whether it is a disambiguation page.
Parameters page_parameters(const std::string& title);
/// The titles a page links to: what a disambiguation page without text offers.
Parameters links_parameters(const std::string& title, int count);
/// Adds what `answer` asks for to get the rest of a long answer. False when there is no rest.
bool continue_with(const Json& answer, Parameters& parameters);

struct Hit {
  std::string title;
  std::string snippet;  ///< plain text
};
struct Hits {
  std::vector<Hit> hits;
  std::string suggestion;  ///< another spelling, or ""
  int total = -1;          ///< -1: not told
  int next_offset = 0;     ///< 0: no more
};

struct Page {
  std::string title;
  std::string url;
  std::string text;      ///< plain text with `== section ==` lines; "" when missing
  std::string asked;     ///< the title that was asked for, where it differs
  std::string fragment;  ///< the section a redirect leads to, or ""
  bool redirected = false;
  bool missing = false;
  bool disambiguation = false;
  std::string invalid;  ///< why the title can be no title, or ""
};

/// An `error` (or `errors`) object of the API. The code is the API's own ("maxlag", "ratelimited").
struct ApiError {
  std::string code;
  std::string text;
  /// The same request may work a moment later.
  bool passing() const;
};
std::optional<ApiError> error_in(const Json& answer);

/// Errors: protocol (no `query` in the answer).
Result<Hits> decode_search(const Json& answer);
/// Merges what a continued answer adds; the first of the pages. Errors: protocol.
Result<Page> decode_page(const Json& answer, std::string_view asked);
std::vector<std::string> decode_links(const Json& answer);

}  // namespace troupe::tools::mediawiki
