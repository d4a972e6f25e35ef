#pragma once

#include "agents/teams/settings.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/json.h"
#include "runtime/bus/message.h"

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

class Blackboard;

/// Why a team ended before its pattern was through.
struct TeamEnd {
  std::string status;  ///< failed, limit, denied, cancelled
  std::string reason;  ///< a word of docs/protocol.md
  std::string detail;  ///< for people
};

template <class T>
using Teamed = std::expected<T, TeamEnd>;

/// Who is to go on with the conversation, and why.
struct Handoff {
  std::string to;  ///< a member
  std::string reason;
};

/// What a member is asked for: a message of kind task to it, and a run of its.
struct Ask {
  /// Which of the team's asks it is: the same in every process that comes this way. Letters, digits and
  /// `.`, `_`, `-`; unique in the team's run.
  std::string key;
  std::string to;    ///< a member; "writer#2" is a copy of `writer` with a mailbox and a memory of its own
  std::string task;  ///< of `tasks:`, whose guardrail its answer is held against; ""
  std::string text;
  std::string from;  ///< the member that asks; "": the team
  std::string run;   ///< the run in which it asks; "": of the team
};

/// What came of it, however its run ended.
struct Reply {
  std::string from;    ///< the member
  std::string text;    ///< its answer; also of one that ended at a limit with something to show
  Json data;           ///< of an answer that a schema was asked for; null
  Json citations;      ///< of its answer; null
  std::string status;  ///< done, failed, limit, denied, cancelled
  std::string reason;
  std::string detail;  ///< why it failed
  std::optional<Handoff> handoff;
  bool done() const { return status == "done"; }
};

/// A message that nobody answers. Its receivers read it at their next turn; one that has none reads it never,
/// and it is a dead letter.
struct Note {
  std::string key;   ///< as of Ask
  std::string from;  ///< a member; "": the team
  std::string to;    ///< a member; "": to the topic
  bus::Topic topic;
  std::string text;
};

/// Whom a note is on its way to.
struct Readers {
  std::vector<std::string> names;  ///< members
  std::vector<std::string> full;   ///< members who will not get it: their mailboxes hold no more notes
};

/// A call of a tool that the team itself makes.
struct ToolAsk {
  std::string key;  ///< as of Ask
  std::string tool;
  Json input;
};

/// What the team's run has used so far, everything below it included.
struct TeamUse {
  std::int64_t tokens = 0;
  double cost = 0;
  std::chrono::milliseconds time{0};
  int turns = 0;     ///< runs of members
  int messages = 0;  ///< on its bus
  int notes = 0;     ///< of these
};

/// A member as others of the team see it.
struct MemberView {
  std::string name;
  std::string description;
  /// It recalls its earlier turns in this conversation, so that it is only told what is new.
  bool remembers = false;
};

/// How a pattern reaches the members of its team, its tools and its notes. What was asked, decided, warned of
/// or written in an earlier process under the same key is not done again: the outcome is the same. So a
/// pattern has no state of its own to save; with the same outcomes it goes the same way. Loop thread only;
/// concurrent calls are fine.
class Crew {
 public:
  virtual ~Crew() = default;

  virtual const TeamSettings& settings() const = 0;
  /// In the order of the configuration; those that a team makes of `model` are not among them.
  virtual const std::vector<MemberView>& members() const = 0;

  /// Sends the task and waits for the reply, whatever became of the member's run. Ends: limit (max_turns,
  /// max_tokens, max_cost, max_time, repeated_message: of the team), failed (a mailbox that is full, nobody
  /// of that name), cancelled (the stop).
  virtual Task<Teamed<Reply>> ask(Ask ask, Stop& stop) = 0;
  /// Sends the note; the same readers again where it was sent before. Ends: limit (max_messages,
  /// repeated_message), failed (mailbox_full, of one to a member; nobody of that name), cancelled (the stop).
  virtual Task<Teamed<Readers>> tell(Note note, Stop& stop) = 0;
  /// The reply's text and data are the tool's output. Ends: as ask().
  virtual Task<Teamed<Reply>> call_tool(ToolAsk ask, Stop& stop) = 0;
  /// Writes a file below `artifacts`, whole or not at all; what was there is replaced.
  /// Ends: failed (a path that leads out, no `artifacts`, a disk that does not take it).
  virtual Task<Teamed<void>> write_file(std::string key, std::string path, std::string text) = 0;

  /// A decision that could come out differently in another process (of a clock, of what was used); nothing
  /// when it was not taken yet.
  virtual std::optional<Json> decided(const std::string& key) const = 0;
  virtual void decide(const std::string& key, Json what) = 0;
  /// A `warning` event, told once a key.
  virtual void warn(const std::string& key, std::string_view code, std::string text) = 0;
  /// A `handoff` event, told once a key.
  virtual void handed_over(const std::string& key, const std::string& from, const Handoff& handoff) = 0;

  virtual Blackboard& board() = 0;
  virtual TeamUse used() const = 0;
};

}  // namespace troupe::agents
