#pragma once

#include "runtime/base/json.h"
#include "tests/fakes/http_peer.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe::e2e {

/// One reply of a member's model, as the member's script has it.
struct Said {
  std::string text;       ///< what the model writes: says(), calls() or any text
  std::string when = {};  ///< only to a request that contains this
  int input_tokens = 10;
};

/// Replies that are steps of an agent.
Said says(const std::string& answer);
Said calls(const std::string& tool, const Json& input);

/// What each member's model writes, in order.
using Script = std::map<std::string, std::vector<Said>>;

/// What becomes of one reply.
enum class Fault {
  none,
  refused,  ///< HTTP 400, once it is let go
  held,     ///< as it stands, once it is let go
  silent,   ///< nothing comes, and the connection stays open
};

/// A script that is played, and what was asked of it. A reply is given once, and again to the very same
/// request, as after a crash. All functions may be called from any thread.
class Play {
 public:
  explicit Play(Script script);
  ~Play();

  /// What becomes of the `nth` reply of a member, counted from 0, the next time it is asked for.
  void fail(const std::string& member, std::size_t nth, Fault fault);
  /// Whose models were asked, in order.
  std::vector<std::string> asked() const;
  /// Bodies of the requests to one, in order.
  std::vector<std::string> bodies(const std::string& member) const;
  /// How many replies of the script nobody asked for.
  std::size_t left() const;
  /// Waits until so many requests came to one. False: they did not come in time.
  bool wait_for(const std::string& member, std::size_t requests) const;

  fakes::PeerReply answer(const std::string& member, const std::string& body);

 private:
  struct State;

  std::unique_ptr<State> state_;
};

/// A model server for teams, in the wire format of OpenAI: whose model is asked is the name of the model. All
/// functions may be called from any thread.
class TeamModels {
 public:
  TeamModels();
  ~TeamModels();

  /// From now on, for requests that contain `word`; in the place of what was played for that.
  std::shared_ptr<Play> play(Script script, const std::string& word = "");
  /// Lets go what is held, once so many are.
  void let_go(std::size_t held = 1);
  /// Waits until nobody asks any more: a connection is one request. False: somebody still does.
  bool wait_for_quiet() const;

  /// Entries for `models:` and `agents:`, one for each name; `agent` are further keys of the agents.
  std::string yaml(const std::vector<std::string>& names, const std::string& agent = "") const;

 private:
  struct Plays;

  std::shared_ptr<Plays> plays_;
  std::unique_ptr<fakes::HttpPeer> peer_;
};

}  // namespace troupe::e2e
