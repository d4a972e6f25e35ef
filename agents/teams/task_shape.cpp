#include "agents/teams/task_shape.h"

#include "agents/guardrails/section.h"
#include "agents/teams/failure_keys.h"
#include "runtime/config/collections.h"
#include "runtime/config/scalars.h"

namespace troupe::agents {

namespace {

using config::Record;

Record<TaskSettings> what_is_done(const char* about) {
  Record<TaskSettings> task(about);
  task.field("name", &TaskSettings::name,
             config::line({.expected = "a name", .bytes_max = 64, .check = task_name_problem}),
             "what other tasks call it; without it the agent's name, or its number");
  task.field("agent", &TaskSettings::agent, target_name(), "who does it: an agent, a chain or a team")
      .required();
  task.field("description", &TaskSettings::description, config::text({.expected = "a description"}),
             "what is to be done; {name} is filled from the run's inputs and from results of earlier tasks, "
             "{input} is what the run was asked")
      .required();
  task.field("expected_output", &TaskSettings::expected_output,
             config::text({.expected = "what is expected"}), "what the result is to be, told to the agent");
  return task;
}

void what_follows(Record<TaskSettings>& task) {
  task.field("output_file", &TaskSettings::output_file, output_path(),
             "a file below `artifacts` that the result is written to; {name} is filled from inputs");
  task.field("guardrail", &TaskSettings::guardrail, output_rules(),
             "rules for its result, beside the agent's own; a single one may stand without the list");
  add_failure_keys(task, &TaskSettings::failure);
  task.advise("prompt", "it is called `description`");
  task.advise("task", "it is called `description`");
  task.advise("expected", "it is called `expected_output`");
  task.advise("output", "it is `expected_output` (in words) or `output_file`");
  task.advise("guardrails", "it is called `guardrail`");
  task.advise("guardrail_max_retries", "it is `guardrail: { …, retries: N }`");
  task.advise("max_retries", "it is `on_failure: retry` with `retries`");
  task.advise("async_execution", "tasks that run at once are `pattern: parallel`");
  task.advise("human_input", "put the calls that a person decides about into the agent's `approve`");
  for (const char* key : {"output_json", "output_pydantic", "output_schema"})
    task.advise(key, "it is `output: { schema: … }` of the agent");
  task.advise("tools", "they are the agent's `tools`");
  task.advise("depends_on", "it is called `context`");
}

// `context: []` differs from no context, and an empty list is not shown by itself.
class SequentialTask final : public config::Shape<TaskSettings> {
 public:
  SequentialTask() : record_(what_is_done("A task; the next one begins when it is done")) {
    record_.field("context", &TaskSettings::context,
                  config::list_of(config::line({.expected = "the name of a task", .bytes_max = 64}),
                                  "a list of tasks", limits::kTeamTasks),
                  "earlier tasks whose results the agent reads; without it the one before, `[]`: none");
    what_follows(record_);
  }
  void read(const config::Node& node, TaskSettings& task, config::Reader& reader) const override {
    record_.read(node, task, reader);
    task.context_given = node.find("context") != nullptr;
  }
  Json show(const TaskSettings& task) const override {
    Json shown = record_.show(task);
    if (task.context_given && task.context.empty()) shown["context"] = Json::array();
    return shown;
  }
  Json schema() const override { return record_.schema(); }

 private:
  Record<TaskSettings> record_;
};

Record<TaskSettings> parallel_task() {
  Record<TaskSettings> task = what_is_done("A task; all of them run at once");
  task.advise("context", "it is for `pattern: sequential`; tasks that run at once do not read each other");
  what_follows(task);
  return task;
}

}  // namespace

config::ShapePtr<std::vector<TaskSettings>> tasks_shape() {
  return config::list_of<TaskSettings>(std::make_shared<SequentialTask>(), "a list of tasks",
                                       limits::kTeamTasks);
}

config::ShapePtr<std::vector<TaskSettings>> parallel_tasks_shape() {
  return config::list_of(config::shape(parallel_task()), "a list of tasks", limits::kTeamTasks);
}

}  // namespace troupe::agents
