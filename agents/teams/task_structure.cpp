#include "agents/chains/placeholders.h"
#include "agents/teams/structure.h"
#include "runtime/base/suggest.h"
#include "runtime/config/text_check.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

class TaskStructure {
 public:
  TaskStructure(const TeamSettings& team, std::vector<TeamProblem>& problems)
      : team_(team), names_(task_names(team)), problems_(problems) {}

  void check() {
    if (team_.tasks.empty() && team_.pattern == PatternKind::sequential)
      report("tasks", "needs at least one task");
    std::map<std::string, std::size_t> files;
    for (std::size_t i = 0; i < team_.tasks.size(); ++i) {
      check_name(i);
      check_context(i);
      check_texts(i);
      check_file(i, files);
    }
  }

 private:
  void report(std::string key, std::string text) { problems_.push_back({std::move(key), std::move(text)}); }
  std::string place(std::size_t task, std::string_view key) const {
    return fmt::format("tasks[{}].{}", task, key);
  }

  void check_name(std::size_t i) {
    const auto first = static_cast<std::size_t>(std::ranges::find(names_, names_[i]) - names_.begin());
    if (first < i)
      report(place(i, team_.tasks[i].name.empty() ? "agent" : "name"),
             fmt::format("`{}` is what tasks[{}] is called already; give one of them another `name`",
                         names_[i], first));
  }

  void check_context(std::size_t i) {
    const std::vector<std::string>& context = team_.tasks[i].context;
    const std::vector<std::string> earlier(names_.begin(), names_.begin() + static_cast<std::ptrdiff_t>(i));
    for (std::size_t k = 0; k < context.size(); ++k) {
      const std::string at = place(i, fmt::format("context[{}]", k));
      if (std::find(context.begin(), context.begin() + static_cast<std::ptrdiff_t>(k), context[k]) !=
          context.begin() + static_cast<std::ptrdiff_t>(k))
        report(at, fmt::format("`{}` is listed twice", context[k]));
      if (std::ranges::find(earlier, context[k]) != earlier.end()) continue;
      if (std::ranges::find(names_, context[k]) != names_.end()) {
        report(at,
               fmt::format("`{}` is not done by then; a task reads the results of earlier ones", context[k]));
        continue;
      }
      std::string hint = did_you_mean(context[k], earlier);
      if (hint.empty())
        hint = earlier.empty() ? "; it is the first one"
                               : "; before this one there is " + config::enumerate(earlier);
      report(at, fmt::format("no task is called `{}`{}", config::clip(context[k]), hint));
    }
  }

  // {name} of a task whose result is not there when the text is filled.
  void check_texts(std::size_t i) {
    const TaskSettings& task = team_.tasks[i];
    const std::size_t done = team_.pattern == PatternKind::sequential ? i : 0;
    for (const auto& [text, key] :
         {std::pair(&task.description, "description"), std::pair(&task.expected_output, "expected_output")})
      for (const std::string& name : placeholders_of(*text)) {
        const auto at = static_cast<std::size_t>(std::ranges::find(names_, name) - names_.begin());
        if (at < names_.size() && at >= done)
          report(place(i, key), fmt::format("{{{}}} is the result of a task that is not done by then", name));
      }
    for (const std::string& name : placeholders_of(task.output_file))
      if (std::ranges::find(names_, name) != names_.end())
        report(place(i, "output_file"),
               fmt::format("{{{}}} is the result of a task; a path is filled from inputs only", name));
  }

  void check_file(std::size_t i, std::map<std::string, std::size_t>& files) {
    const std::string& file = team_.tasks[i].output_file;
    if (file.empty()) return;
    const auto [first, fresh] = files.emplace(file, i);
    if (!fresh)
      report(place(i, "output_file"), fmt::format("`{}` is what tasks[{}] writes; it would be replaced",
                                                  config::clip(file), first->second));
  }

  const TeamSettings& team_;
  std::vector<std::string> names_;
  std::vector<TeamProblem>& problems_;
};

}  // namespace

void check_tasks(const TeamSettings& team, std::vector<TeamProblem>& problems) {
  TaskStructure(team, problems).check();
}

}  // namespace troupe::agents
