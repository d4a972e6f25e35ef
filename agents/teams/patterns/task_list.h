#pragma once

#include "agents/teams/crew.h"
#include "agents/teams/pattern.h"
#include "agents/teams/patterns/task_text.h"
#include "agents/teams/settings.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/json.h"

#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// The `tasks:` of one run of a team, and what came of them. `sequential` and `parallel` differ in when each
/// is done. Loop thread only; references outlive it.
class TaskList {
 public:
  TaskList(const TeamSettings& settings, TeamTask task, Crew& crew);

  std::size_t size() const { return settings_.tasks.size(); }
  const std::string& name(std::size_t task) const { return names_[task]; }

  /// Has a task done, with the results there are by now of those whose number is in `context`. `copies`: a
  /// second task of one agent is done by a copy of it, so that both can be at work at once. Nothing: it was
  /// skipped. Ends: failed (bad_placeholder: its texts name what there is not), and as ask_by_policy().
  Task<Teamed<std::optional<Reply>>> perform(std::size_t task, std::vector<std::size_t> context, bool copies,
                                             Stop& stop);
  /// Keeps what came of a task, for those that name it.
  void keep(std::size_t task, std::optional<Reply> reply);
  /// Writes the `output_file` of a task that has one and a result. Ends: as Crew::write_file(), and failed
  /// (bad_placeholder).
  Task<Teamed<void>> write(std::size_t task);

  /// The tasks that `task` reads: its `context`, or the one before it.
  std::vector<std::size_t> context_of(std::size_t task) const;
  const std::optional<Reply>& result(std::size_t task) const { return replies_[task]; }
  Given given(std::size_t task) const;

 private:
  Json values() const;
  std::string where(std::size_t task, std::string_view key) const;

  const TeamSettings& settings_;
  const TeamTask task_;
  Crew& crew_;
  std::vector<std::string> names_;
  std::vector<std::optional<Reply>> replies_;
  std::vector<bool> ended_;
};

}  // namespace troupe::agents
