#pragma once

#include "app/talk/peer.h"
#include "runtime/async/loop.h"
#include "runtime/async/task.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace troupe::app {

/// What `ask`, `chat` and others that talk to a daemon are told on the command line.
struct TalkOptions {
  std::string config;
  std::string url;
  std::string token;
  std::string ca_file;
  std::string target;
  std::string session;
  std::vector<std::string> inputs;  ///< key=value
};

void add_talk_options(CLI::App& command, TalkOptions& options);
/// Those of them that say with whom: without --session and --input.
void add_peer_options(CLI::App& command, TalkOptions& options);
/// Those of them that say where that is: without --target, too.
void add_daemon_options(CLI::App& command, TalkOptions& options);

/// --input key=value… as JSON. Errors: invalid.
Result<Json> parse_inputs(const std::vector<std::string>& inputs);

/// Runs `body` with a peer: the daemon at --url; else the one that holds the configured store (its address is
/// in the store's lock file); else the run desk of this process, on that same store. Returns the body's exit
/// code, or the code of what went wrong before.
int with_peer(const TalkOptions& options, std::function<Task<int>(Loop&, Peer&)> body);

/// The same for who holds several conversations at once: each call makes a peer of its own.
using PeerMaker = std::function<std::unique_ptr<Peer>()>;
int with_peers(const TalkOptions& options, std::function<Task<int>(Loop&, PeerMaker)> body);

}  // namespace troupe::app
