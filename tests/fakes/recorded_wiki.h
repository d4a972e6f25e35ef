#pragma once

#include "runtime/base/json.h"
#include "tests/fakes/peer_reply.h"

#include <map>
#include <string>
#include <vector>

namespace troupe::fakes {

/// A MediaWiki made of recorded exchanges (tests/fixtures/wikipedia): its pages, redirects, normalised titles
/// and searches are those of the recordings; pages and searches that agents' logs show are added. Answers
/// action=query with list=search, prop=extracts|info|pageprops and prop=links, in formatversion 1 or 2 as
/// asked. Immutable after loading.
class RecordedWiki {
 public:
  RecordedWiki();

  PeerReply answer(const PeerRequest& request) const;

  /// Titles whose text is there, for tests that go through many.
  std::vector<std::string> titles() const;
  /// Words for which a search finds something.
  std::vector<std::string> searches() const;

 private:
  struct Page {
    Json fields = Json::object();  ///< title, pageid, extract, fullurl…
    std::vector<std::string> links;
    bool disambiguation = false;
  };
  struct Search {
    std::vector<Json> hits;
    std::string suggestion;
    int total = -1;
  };

  void load_exchanges();
  void load_tool_results();
  void add_page(const Json& page);
  void add_search(const std::string& words, const Json& answer);
  Json search_answer(const PeerRequest& request) const;
  Json page_answer(const PeerRequest& request) const;
  std::string resolved(const std::string& title, Json& query) const;

  std::map<std::string, Page> pages_;  // by title
  std::map<std::string, std::string> redirects_;
  std::map<std::string, Search> searches_;  // by words in lower case
};

}  // namespace troupe::fakes
