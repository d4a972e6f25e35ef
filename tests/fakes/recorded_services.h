#pragma once

#include "tests/fakes/recorded_wiki.h"

#include <map>
#include <string>
#include <vector>

namespace troupe::fakes {

/// How the bodies travel, so that a client meets what servers do.
enum class Travel { plain, odd_chunks, gzip, slow };

/// The web services that tools ask, on recordings: a MediaWiki under …/api.php and Tavily under /search and
/// /extract. Give it to an HttpPeer: `HttpPeer peer([&](const PeerRequest& r) { return services.answer(r);
/// });` and set the tools' base_url to peer.url(""). Immutable after loading; one instance may serve several
/// peers.
class RecordedServices {
 public:
  explicit RecordedServices(Travel travel = Travel::plain);

  PeerReply answer(const PeerRequest& request) const;

  const RecordedWiki& wiki() const { return wiki_; }
  /// What Tavily was asked in the recordings.
  std::vector<std::string> web_searches() const;
  /// The only key Tavily accepts here.
  static constexpr const char* kTavilyKey = "tvly-recorded-key";

 private:
  PeerReply tavily_search(const Json& asked) const;
  PeerReply tavily_extract(const Json& asked) const;

  Travel travel_;
  RecordedWiki wiki_;
  std::map<std::string, Json> searches_;  // Tavily's bodies by query in lower case
};

}  // namespace troupe::fakes
