#pragma once

#include "tools/builtin/wikipedia/article.h"
#include "tools/builtin/wikipedia/mediawiki_client.h"
#include "tools/settings.h"
#include "tools/tool.h"

#include <list>
#include <memory>
#include <string>

namespace troupe::tools {

/// `type: wikipedia`: looks things up in Wikipedia, or another MediaWiki. A plain query searches and gives
/// the summary of the best page; `operation` asks for more: search, summary, section, lookup. A lookup
/// without a title is made in the page this agent saw last, and a repeated one goes on to the next place, as
/// in the ReAct paper's environment.
class WikipediaTool final : public Tool {
 public:
  /// `http` outlives the tool. Errors: invalid (language, base_url).
  static Result<std::unique_ptr<Tool>> make(const ToolSettings& settings, net::HttpClient& http,
                                            std::string user_agent, Patience patience);
  const ToolSpec& spec() const override { return spec_; }
  Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) override;

 private:
  /// A page that was read, and how far a lookup in it has come.
  struct Reading {
    std::string reader;  ///< whose: tenant, session and agent
    std::string language;
    mediawiki::Page page;
    std::shared_ptr<const Article> article;
    std::string words;
    std::size_t next = 0;
  };
  struct Request;

  WikipediaTool(const ToolSettings& settings, net::HttpClient& http, std::string user_agent,
                Patience patience);

  Task<Result<ToolOutput>> find(Request request, CallContext& context);
  Task<Result<ToolOutput>> search(Request request, CallContext& context);
  Task<Result<ToolOutput>> summary(Request request, CallContext& context);
  Task<Result<ToolOutput>> section(Request request, CallContext& context);
  Task<Result<ToolOutput>> lookup(Request request, CallContext& context);

  /// The page, as it is or from what was read last; a missing one is an Error that names similar titles, a
  /// disambiguation page one that lists the choices.
  Task<Result<Reading>> read(Request request, std::string title, CallContext& context);
  Task<Error> missing(Request request, mediawiki::Page page, CallContext& context);
  Task<Result<ToolOutput>> choices(Reading reading, CallContext& context);
  ToolOutput summarized(const Reading& reading) const;
  Reading* last_of(const std::string& reader);
  void remember(Reading reading);

  ToolSpec spec_;
  MediaWikiClient client_;
  const std::string language_;
  const int sentences_;
  std::list<Reading> readings_;  // newest first, at most kReadingsMax
};

}  // namespace troupe::tools
