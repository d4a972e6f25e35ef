#pragma once

#include "runtime/net/http_client.h"
#include "tools/builtin/web_service.h"
#include "tools/builtin/wikipedia/mediawiki.h"

#include <string>

namespace troupe::tools {

/// Asks one MediaWiki after the other and gives back what they say. Loop thread; references outlive it.
class MediaWikiClient {
 public:
  /// `base_url`: "" for Wikipedia; else a site ("http://host", whose API is at /w/api.php) or the API itself
  /// (…/api.php); "{language}" in it is replaced.
  MediaWikiClient(net::HttpClient& http, std::string base_url, std::string user_agent, Patience patience);

  /// Errors: those of HttpClient, and tool (an error the wiki states), protocol (no JSON), busy (it asks us
  /// to wait longer than is sensible). Messages are for the model.
  Task<Result<mediawiki::Hits>> search(std::string language, std::string words, int count, int offset,
                                       CallContext& context);
  /// A missing page is no error: see Page::missing.
  Task<Result<mediawiki::Page>> page(std::string language, std::string title, CallContext& context);
  Task<Result<std::vector<std::string>>> links(std::string language, std::string title, int count,
                                               CallContext& context);

  /// Where a reader finds a page, when the wiki did not say.
  std::string page_url(const std::string& language, const std::string& title) const;

 private:
  Task<Result<Json>> query(std::string language, mediawiki::Parameters parameters, CallContext& context);
  std::string site(const std::string& language) const;

  net::HttpClient& http_;
  const std::string base_url_;
  const std::string user_agent_;
  const Patience patience_;
};

}  // namespace troupe::tools
