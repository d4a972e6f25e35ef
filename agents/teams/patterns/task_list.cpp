#include "agents/teams/patterns/task_list.h"

#include "agents/chains/placeholders.h"
#include "agents/teams/patterns/failure.h"
#include "agents/teams/patterns/output_file.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

// A second task of the same agent goes to its second copy, whatever is at work: the same in every process.
std::string copy_for(const TeamSettings& settings, std::size_t task) {
  const std::string& agent = settings.tasks[task].agent;
  const auto before = std::count_if(settings.tasks.begin(), settings.tasks.begin() + static_cast<long>(task),
                                    [&](const TaskSettings& other) { return other.agent == agent; });
  return before == 0 ? agent : fmt::format("{}#{}", agent, before + 1);
}

std::unexpected<TeamEnd> bad_placeholder(Error error) {
  return std::unexpected(
      TeamEnd{.status = "failed", .reason = "bad_placeholder", .detail = std::move(error.message)});
}

}  // namespace

TaskList::TaskList(const TeamSettings& settings, TeamTask task, Crew& crew)
    : settings_(settings),
      task_(std::move(task)),
      crew_(crew),
      names_(task_names(settings)),
      replies_(settings.tasks.size()),
      ended_(settings.tasks.size()) {}

Task<Teamed<std::optional<Reply>>> TaskList::perform(std::size_t task, std::vector<std::size_t> context,
                                                     bool copies, Stop& stop) {
  const TaskSettings& one = settings_.tasks[task];
  const Json known = values();
  auto description = fill_task(one.description, known, where(task, "description"));
  if (!description) co_return bad_placeholder(std::move(description.error()));
  auto expected = fill_task(one.expected_output, known, where(task, "expected_output"));
  if (!expected) co_return bad_placeholder(std::move(expected.error()));

  auto named = placeholders_of(one.description);
  std::ranges::move(placeholders_of(one.expected_output), std::back_inserter(named));
  const auto told = [&](std::string_view name) { return std::ranges::find(named, name) != named.end(); };
  TaskText text{.task = std::move(*description), .expected_output = std::move(*expected)};
  if (!told(kTeamInput)) text.message = task_.text;
  for (const std::size_t other : context)
    if (!told(names_[other])) text.results.push_back(given(other));

  Ask ask{.key = fmt::format("task.{}", task + 1),
          .to = copies ? copy_for(settings_, task) : one.agent,
          .task = names_[task],
          .text = task_text(text)};
  co_return co_await ask_by_policy(crew_, std::move(ask), one.failure ? *one.failure : settings_.failure,
                                   stop);
}

void TaskList::keep(std::size_t task, std::optional<Reply> reply) {
  replies_[task] = std::move(reply);
  ended_[task] = true;
}

Task<Teamed<void>> TaskList::write(std::size_t task) {
  const TaskSettings& one = settings_.tasks[task];
  if (one.output_file.empty() || !replies_[task]) co_return Teamed<void>();
  auto path = output_path(one.output_file, values(), where(task, "output_file"));
  if (!path) co_return bad_placeholder(std::move(path.error()));
  co_return co_await crew_.write_file(fmt::format("task.{}.file", task + 1), std::move(*path),
                                      replies_[task]->text);
}

std::vector<std::size_t> TaskList::context_of(std::size_t task) const {
  std::vector<std::size_t> context;
  if (!settings_.tasks[task].context_given) {
    if (task > 0) context.push_back(task - 1);
    return context;
  }
  for (const std::string& named : settings_.tasks[task].context) {
    const auto it = std::ranges::find(names_, named);
    if (it != names_.end()) context.push_back(static_cast<std::size_t>(it - names_.begin()));
  }
  return context;
}

Given TaskList::given(std::size_t task) const {
  Given given{.of = fmt::format("the task `{}`", names_[task]), .by = settings_.tasks[task].agent};
  if (const auto& reply = replies_[task]) {
    given.by = reply->from;
    given.text = reply->text;
  }
  return given;
}

// What an author calls a result must not become what a client gives as an input, so that goes first.
Json TaskList::values() const {
  Json values = task_.inputs.is_object() ? task_.inputs : Json::object();
  for (std::size_t i = 0; i < replies_.size(); ++i)
    if (ended_[i]) values[names_[i]] = replies_[i] ? replies_[i]->text : "(no result)";
  values[std::string(kTeamInput)] = task_.text;
  return values;
}

std::string TaskList::where(std::size_t task, std::string_view key) const {
  return fmt::format("teams.{}, task `{}`, {}", settings_.name, names_[task], key);
}

}  // namespace troupe::agents
