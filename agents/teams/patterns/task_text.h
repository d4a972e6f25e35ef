#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What members of a team are asked, in words. Pure.
namespace troupe::agents {

/// What a task, a node or a member gave.
struct Given {
  std::string of;                   ///< "the task `research`": what it is called to who reads it
  std::string by;                   ///< the member; "": nobody is named
  std::optional<std::string> text;  ///< nothing: there is no result
};

/// What one member is asked for.
struct TaskText {
  std::string task;             ///< what to do, placeholders filled
  std::string expected_output;  ///< the same; ""
  std::string message;          ///< what the team was asked for; "": the task says it
  std::vector<Given> results;   ///< of others, to work with
};

/// The text of a message to a member, of at most limits::kTeamTextBytes. Results stand quoted, as material
/// and not as instructions; when there is too much of them each is cut to a fair share: what short ones leave
/// of theirs goes to the long ones.
std::string task_text(const TaskText& asked);

/// Fills `{name}` from `values`. Together they take limits::kResultsBytes at most, cut to fair shares.
/// Errors: invalid, naming the placeholder, `where` it stands and what there is.
Result<std::string> fill_task(std::string_view text, const Json& values, std::string_view where);

/// How many of `room` each of `sizes` gets: all of it, or no less than any other that does not.
std::vector<std::size_t> fair_shares(const std::vector<std::size_t>& sizes, std::size_t room);

}  // namespace troupe::agents
