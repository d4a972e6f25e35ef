#pragma once

#include "tests/e2e/daemon.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/recorded_model.h"
#include "tests/fakes/recorded_services.h"

#include <map>
#include <string>
#include <vector>

namespace troupe::e2e {

struct StageOptions {
  std::string kit = "web";  ///< "wiki" or "web": which tools
  bool tls = false;         ///< of the model server
  fakes::RecordedModel::Travel travel = {};
  /// How the answers of the tools' services travel; empty: as they are. Runs on the peer's thread.
  std::function<fakes::PeerReply(fakes::PeerReply, const fakes::PeerRequest&)> service_travel = {};
};

/// The real daemon between recordings: a model server that says what models wrote, and the web services that
/// tools ask, all over real HTTP. Its agents, by memory and by how they ask for replies: streamed, whole,
/// forgetful (memory none), windowed (the last turn).
class RecordedStage {
 public:
  explicit RecordedStage(StageOptions options = {});

  /// Tools of the kit: name → type.
  const std::map<std::string, std::string>& tools() const { return tools_; }
  const fakes::RecordedModel& recordings() const { return recordings_; }
  /// The bodies of all requests for replies so far, by conversation, in the order in which they came.
  std::map<std::string, std::vector<Json>> requests() const;

 private:
  fakes::PeerReply serve(const fakes::PeerRequest& request) const;
  std::string configuration() const;

  StageOptions options_;
  std::map<std::string, std::string> tools_;
  fakes::RecordedModel recordings_;
  std::map<std::string, std::string> found_;  // what web searches of the recordings brought, by query

 public:
  fakes::HttpPeer model;
  fakes::HttpPeer web;
  Daemon daemon;
};

}  // namespace troupe::e2e
