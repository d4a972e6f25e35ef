#include "app/import/crewai_task.h"

#include "agents/chains/placeholders.h"
#include "app/import/crewai_keys.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace troupe::app {

namespace {

using config::Member;
using config::Node;

std::string input_text(const WrittenTask& task, const char* key, const CrewContext& context) {
  return context.text(value_of(*task.node, key), task.written + "." + key);
}

// Names that texts of tasks have in braces: they are inputs, so no task may be called so.
std::set<std::string> inputs_of(const std::vector<WrittenTask>& tasks, const CrewContext& context) {
  std::set<std::string> names{"input", "item", "end"};
  for (const WrittenTask& task : tasks)
    for (const char* key : {"description", "expected_output", "output_file"})
      for (const std::string& name : agents::placeholders_of(input_text(task, key, context)))
        names.insert(name);
  return names;
}

// A path below `artifacts`, or "".
std::string inside(const std::string& path) {
  const bool out = path.starts_with('/') || path.starts_with('~') || path.ends_with('/') || path == ".." ||
                   path.starts_with("../") || path.ends_with("/..") || path.find("/../") != std::string::npos;
  return out ? "" : path;
}

// Who does each of the tasks that name nobody. A project may say so in Python; where as many agents are left
// without a task as tasks without an agent, they belong together in their order.
std::vector<std::string> others_of(const std::vector<WrittenTask>& tasks, const CrewContext& context) {
  std::set<std::string> used;
  std::size_t open = 0;
  for (const WrittenTask& task : tasks) {
    const std::string name = context.agent_named(text_of(value_of(*task.node, "agent")));
    if (name.empty()) ++open;
    used.insert(name);
  }
  std::vector<std::string> idle;
  for (const CrewAgent& agent : context.agents)
    if (!used.contains(agent.name)) idle.push_back(agent.name);
  std::vector<std::string> others;
  for (std::size_t next = 0; const WrittenTask& task : tasks) {
    const bool one_is_named = !context.agent_named(text_of(value_of(*task.node, "agent"))).empty();
    others.push_back(one_is_named || idle.size() != open ? context.agents.front().name : idle[next++]);
  }
  return others;
}

class TaskImport {
 public:
  // `otherwise`: who does it when nobody is named.
  TaskImport(const WrittenTask& task, const std::map<std::string, std::string>& earlier,
             const std::string& otherwise, CrewContext& context)
      : task_(task), earlier_(earlier), otherwise_(otherwise), context_(context) {}

  CrewTask run(const std::string& name) {
    const Node& node = *task_.node;
    result_.description = input_text(task_, "description", context_);
    result_.expected_output = input_text(task_, "expected_output", context_);
    if (const Node* markdown = value_of(node, "markdown"); markdown && is_true(*markdown))
      result_.expected_output +=
          result_.expected_output.empty() ? "Formatted as Markdown." : " Formatted as Markdown.";
    result_.agent = agent();
    Json& json = result_.json;
    json = {{"name", name},
            {"agent", result_.agent.empty() ? otherwise_ : result_.agent},
            {"description", kept(result_.description.empty() ? "{input}" : result_.description)}};
    if (!result_.expected_output.empty()) json["expected_output"] = kept(result_.expected_output);
    go_through(node, task_.written, crewai_task_keys(), context_.project, context_.notes,
               [this](const Member& member) { return carry(member); });
    return std::move(result_);
  }

 private:
  std::string agent() {
    const Node* written = value_of(*task_.node, "agent");
    const std::string name = context_.agent_named(text_of(written));
    if (name.empty())
      context_.notes.add(context_.project.point(written ? written->place : task_.node->place),
                         task_.written + ".agent",
                         fmt::format("{}; where the order of tasks is fixed it is done by `{}`",
                                     written ? "there is no such agent" : "nobody is named", otherwise_));
    return name;
  }

  bool carry(const Member& member) {
    const std::string& key = member.key;
    if (key == "context") return carry_context(member), true;
    if (key == "output_file") return carry_file(member), true;
    if (key == "guardrail" || key == "guardrails") return carry_guardrail(member.value), true;
    for (const char* done : {"name", "description", "expected_output", "agent", "markdown",
                             "guardrail_max_retries", "max_retries"})
      if (key == done) return true;
    return false;
  }

  void carry_guardrail(const Node& value) {
    for (const Node& one : value.items) carry_guardrail(one);
    if (value.kind == Node::Kind::sequence || value.kind == Node::Kind::null) return;
    const std::string model = string_or(context_.draft.agent(string_or(result_.json, "agent")), "model");
    if (auto rule = crewai_guardrail(value, retries(), task_.written, model, context_))
      result_.json["guardrail"].push_back(*rule);
  }

  std::string retries() const {
    const std::string now = text_of(value_of(*task_.node, "guardrail_max_retries"));
    return now.empty() ? text_of(value_of(*task_.node, "max_retries")) : now;
  }

  void carry_context(const Member& member) {
    Json names = Json::array();
    for (const std::string& written : texts_of(member.value)) {
      const auto found = earlier_.find(written);
      if (found == earlier_.end())
        context_.notes.add(
            context_.project.point(member.place), task_.written + ".context",
            fmt::format("`{}` is no earlier task, so it is left out; a task reads the results of "
                        "those before it",
                        written));
      else if (std::ranges::find(names, Json(found->second)) == names.end())
        names.push_back(found->second);
    }
    result_.json["context"] = std::move(names);
  }

  void carry_file(const Member& member) {
    const std::string path = inside(input_text(task_, "output_file", context_));
    if (path.empty())
      return context_.notes.add(
          context_.project.point(member.place), task_.written + ".output_file",
          "files are written below the folder `artifacts` only; give a relative path without "
          "`..`");
    result_.json["output_file"] = kept(path);
    context_.draft.needs_artifacts();
  }

  const WrittenTask& task_;
  const std::map<std::string, std::string>& earlier_;
  const std::string& otherwise_;
  CrewContext& context_;
  CrewTask result_;
};

}  // namespace

std::vector<CrewTask> crewai_tasks(const std::vector<WrittenTask>& tasks, CrewContext& context) {
  std::set<std::string> taken = inputs_of(tasks, context);
  std::map<std::string, std::string> earlier;
  std::set<std::string> files;
  std::vector<CrewTask> done;
  const std::vector<std::string> others = others_of(tasks, context);
  for (const WrittenTask& task : tasks) {
    const std::string base = plain_name(task.written, "task");
    std::string name = base;
    for (int i = 2; taken.contains(name); ++i) name = fmt::format("{}_{}", base, i);
    done.push_back(TaskImport(task, earlier, others[done.size()], context).run(name));
    const std::string file = string_or(done.back().json, "output_file");
    if (!file.empty() && !files.insert(file).second) {
      done.back().json.erase("output_file");
      context.notes.add(
          context.project.point(task.node->place), task.written + ".output_file",
          fmt::format("`{}` is what an earlier task writes and would be replaced; give it another path",
                      file));
    }
    taken.insert(name);
    earlier[task.written] = name;
    if (const std::string also = text_of(value_of(*task.node, "name")); !also.empty()) earlier[also] = name;
  }
  return done;
}

}  // namespace troupe::app
