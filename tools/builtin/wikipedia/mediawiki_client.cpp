#include "tools/builtin/wikipedia/mediawiki_client.h"

#include "tools/builtin/text/url_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr int kContinuationsMax = 4;
constexpr auto kIdle = std::chrono::seconds(15);

Error refused(const net::HttpResponse& answer) {
  const std::string said = excerpt(answer.body);
  Error error{ErrorCode::tool, ""};
  error.status = answer.status;
  error.retryable = answer.status == 429 || answer.status >= 500;
  if (answer.status == 429) {
    error.code = ErrorCode::busy;
    error.message = "the wiki asks for fewer requests (HTTP 429). Go on without it, or try again later.";
  } else if (answer.status == 403) {
    error.message = fmt::format("the wiki refuses our requests (HTTP 403): {}", said);
  } else if (answer.status == 404) {
    error.message =
        fmt::format("there is no MediaWiki API at this address (HTTP 404); base_url or language is wrong");
  } else {
    error.message = fmt::format("the wiki answered HTTP {}: {}. Try again later, or go on without it.",
                                answer.status, said);
  }
  return error;
}

}  // namespace

MediaWikiClient::MediaWikiClient(net::HttpClient& http, std::string base_url, std::string user_agent,
                                 Patience patience)
    : http_(http),
      base_url_(base_url.empty() ? "https://{language}.wikipedia.org" : std::move(base_url)),
      user_agent_(std::move(user_agent)),
      patience_(patience) {}

std::string MediaWikiClient::site(const std::string& language) const {
  static constexpr std::string_view kPlace = "{language}";
  std::string site = base_url_;
  if (const auto at = site.find(kPlace); at != std::string::npos) site.replace(at, kPlace.size(), language);
  while (site.ends_with('/')) site.pop_back();
  return site;
}

std::string MediaWikiClient::page_url(const std::string& language, const std::string& title) const {
  std::string base = site(language);
  for (std::string_view end : {"/api.php", "/w"})
    if (base.ends_with(end)) base.resize(base.size() - end.size());
  std::string name = title;
  std::replace(name.begin(), name.end(), ' ', '_');
  return base + "/wiki/" + percent_encode(name, "()',:/!*");
}

Task<Result<Json>> MediaWikiClient::query(std::string language, mediawiki::Parameters parameters,
                                          CallContext& context) {
  std::string api = site(language);
  if (!api.ends_with(".php")) api += "/w/api.php";
  net::HttpRequest request;
  request.url = api + "?" + query_string(parameters);
  request.headers = {{"User-Agent", user_agent_}, {"Accept", "application/json"}};
  request.idle_timeout = kIdle;
  request.redirects_max = limits::kRedirects;

  const Clock& clock = context.loop.clock();
  std::chrono::milliseconds wait = patience_.first_wait;
  for (int attempt = 1;; ++attempt) {
    auto answer = co_await fetch_patiently(http_, request, patience_, context);
    if (!answer) co_return within("the wiki could not be asked", answer.error());
    // "maxlag" comes with HTTP 200 or 503; the body says more than the status.
    auto body = parse_json(answer->body);
    const auto error = body ? mediawiki::error_in(*body) : std::nullopt;
    if (!error && answer->status != 200) co_return fail(refused(*answer));
    if (!error) {
      if (!body) co_return json_body(*answer, "the wiki");
      co_return std::move(*body);
    }
    if (!error->passing())
      co_return fail(ErrorCode::tool,
                     fmt::format("the wiki refuses the request ({}): {}", error->code, error->text));
    if (const auto asked = retry_after(*answer, clock.wall_ms())) wait = *asked;
    const bool hopeless = attempt >= patience_.attempts || wait > patience_.wait_max ||
                          answer->status >= 500 || context.deadline.remaining(clock.now()) <= wait;
    if (hopeless)
      co_return fail(Error{ErrorCode::busy,
                           fmt::format("the wiki is too busy ({}): {}. Go on without it, or try again later.",
                                       error->code, error->text),
                           true, answer->status, wait});
    if (!co_await context.loop.sleep_for(wait, context.stop))
      co_return fail(stopped("waiting for the wiki", context.stop.reason()));
    wait *= 2;
  }
}

Task<Result<mediawiki::Hits>> MediaWikiClient::search(std::string language, std::string words, int count,
                                                      int offset, CallContext& context) {
  auto answer =
      co_await query(std::move(language), mediawiki::search_parameters(words, count, offset), context);
  if (!answer) co_return fail(answer.error());
  co_return mediawiki::decode_search(*answer);
}

Task<Result<mediawiki::Page>> MediaWikiClient::page(std::string language, std::string title,
                                                    CallContext& context) {
  mediawiki::Parameters parameters = mediawiki::page_parameters(title);
  auto answer = co_await query(language, parameters, context);
  if (!answer) co_return fail(answer.error());
  auto page = mediawiki::decode_page(*answer, title);
  if (!page) co_return fail(page.error());
  // A wiki may give the text, the address and the properties in several answers.
  for (int i = 0; i < kContinuationsMax && mediawiki::continue_with(*answer, parameters); ++i) {
    answer = co_await query(language, parameters, context);
    if (!answer) co_return fail(answer.error());
    auto more = mediawiki::decode_page(*answer, title);
    if (!more) break;
    if (page->text.empty()) page->text = std::move(more->text);
    if (page->url.empty()) page->url = std::move(more->url);
    page->disambiguation = page->disambiguation || more->disambiguation;
  }
  if (page->url.empty() && !page->missing) page->url = page_url(language, page->title);
  co_return page;
}

Task<Result<std::vector<std::string>>> MediaWikiClient::links(std::string language, std::string title,
                                                              int count, CallContext& context) {
  auto answer = co_await query(std::move(language), mediawiki::links_parameters(title, count), context);
  if (!answer) co_return fail(answer.error());
  co_return mediawiki::decode_links(*answer);
}

}  // namespace troupe::tools
