#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// What a member of a team is asked for beside its task.
enum class TeamAsk {
  task,      ///< to do it: also where the message has none of a team's forms
  turn,      ///< to speak in a conversation
  debate,    ///< to speak in a debate
  charge,    ///< to lead the team
  speaker,   ///< who speaks next
  verdict,   ///< whether work is what was expected
  decision,  ///< the end of a debate
};

/// What somebody else gave or said.
struct Material {
  std::string of;    ///< "the task `research`"; "": it was said
  std::string by;    ///< the member; "": nobody is named
  std::string text;  ///< without the marks of a quotation
  bool own = false;  ///< the reader said it
};

struct Listed {
  std::string name;
  std::string description;
};

/// A message to a member, taken apart. Teams write it in two forms: a task, which what it is to be, the
/// request that it is a part of and the results of others may follow; and a conversation, which begins with
/// "Task: …" and ends with what is asked now. Notes may follow either. What others gave is quoted in it, so
/// that a text of theirs never stands where the team's own words do.
struct TeamText {
  TeamAsk asks = TeamAsk::task;
  bool told = false;  ///< it has one of these forms
  std::string task;
  std::string expected;  ///< of the result; ""
  std::string request;   ///< that the task is a part of; ""
  std::vector<Material> material;
  std::string returned;             ///< why work was not accepted; ""
  std::string position;             ///< to be argued in a debate; ""
  std::vector<std::string> closed;  ///< members that the conversation is not to be handed to
  std::vector<Listed> listed;       ///< who may speak next
  bool as_json = false;             ///< who speaks next is to be named in JSON
};

/// Linear. Never fails: what has none of the forms is a task as a whole.
TeamText read_team_text(std::string_view message);

/// The task without what stands in it as material: what follows its first paragraph, or its first colon,
/// where that has some words and what is before points to it ("Sum this up: …"). Nothing where there is none.
std::optional<TeamText> with_inner_material(const TeamText& asked);

/// A task with what others gave, in the form that read_team_text() reads; of at most `bytes_max`, the texts
/// of others cut to equal shares.
std::string task_with_material(std::string_view task, const std::vector<Material>& material,
                               std::size_t bytes_max);

/// The lines "- NAME: description" of a text.
std::vector<Listed> listed_in(std::string_view text);

}  // namespace troupe::models::builtin
