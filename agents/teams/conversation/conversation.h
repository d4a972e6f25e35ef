#pragma once

#include "agents/teams/crew.h"
#include "agents/teams/settings.h"
#include "runtime/base/json.h"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// Something that was said.
struct Utterance {
  std::string from;  ///< a member; "": the team, whose remarks are no messages
  std::string text;
  Json data;       ///< as of Reply
  Json citations;  ///< as of Reply
};

/// Who is told of a conversation, and how much of it.
struct Listener {
  std::string name;
  bool remembers = false;   ///< as of MemberView
  HistorySettings history;  ///< what else is held back
};
/// A member, or one that the team made of a model, which remembers nothing.
Listener listener_of(const Crew& crew, std::string_view name);

/// What was said by whom in one run of a team. Pure; holds all of it, however little is shown.
class Conversation {
 public:
  explicit Conversation(std::string task) : task_(std::move(task)) {}

  const std::string& task() const { return task_; }
  const std::vector<Utterance>& all() const { return all_; }
  /// What members said; remarks do not count.
  std::size_t messages() const;
  /// The last that a member said with any text in it; nullptr: nobody did.
  const Utterance* last() const;

  /// `heard`: how many utterances it knew of; nothing: all that are there.
  void said(const Reply& reply, std::optional<std::size_t> heard = std::nullopt);
  /// It was told of so many utterances, and said nothing.
  void heard(const std::string& name, std::size_t utterances) { heard_[name] = utterances; }
  /// The team itself says something to all.
  void remark(std::string text);

  /// The text for who is asked next: the task, what was said, each text under its speaker's name, then
  /// `closing`. Before anything was said, and without a closing, it is the task as it stands. Who remembers
  /// is told only what it does not know yet. No text can pass for another speaker's line: of several lines
  /// each begins with "> ". Has at most limits::kTeamTextBytes, of the conversation limits::kTranscriptBytes
  /// from its end; what is left out is said.
  std::string told_to(const Listener& listener, std::string_view closing) const;

 private:
  std::vector<const Utterance*> news_for(const Listener& listener) const;

  std::string task_;
  std::vector<Utterance> all_;
  std::map<std::string, std::size_t, std::less<>> heard_;  // how many utterances each was told of
};

/// The text, or as much of its beginning as has so many bytes, up to the end of a character, and "…".
std::string text_beginning(std::string_view text, std::size_t bytes);

/// "LABEL: text", with several lines as "LABEL:" and a block of lines that begin with "> ".
std::string labelled(std::string_view label, std::string_view text);

}  // namespace troupe::agents
