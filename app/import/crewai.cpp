#include "app/import/crewai.h"

#include "app/import/crewai_agent.h"
#include "app/import/crewai_keys.h"
#include "app/import/crewai_task.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

namespace troupe::app {

namespace {

using config::Member;
using config::Node;

constexpr ErrorCode kMissing = ErrorCode::not_found;  // of a file

bool is_crew(const Node& node) {
  for (const char* key : {"tasks", "process", "manager_llm", "manager_agent"})
    if (node.find(key)) return true;
  const Node* agents = value_of(node, "agents");
  return agents && agents->kind == Node::Kind::sequence;
}

bool is_tasks(const Node& node) {
  return std::ranges::any_of(node.members, [](const Member& member) {
    return member.value.find("expected_output") || member.value.find("description");
  });
}

// Members of a map, or elements of a list under their names.
std::vector<std::pair<std::string, const Node*>> named(const Node& node, const char* fallback) {
  std::vector<std::pair<std::string, const Node*>> all;
  for (const Member& member : node.members) all.emplace_back(member.key, &member.value);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const std::string name = text_of(value_of(node.items[i], "name"));
    all.emplace_back(name.empty() ? fmt::format("{}{}", fallback, i + 1) : name, &node.items[i]);
  }
  return all;
}

class CrewImport {
 public:
  CrewImport(const ImportOptions& options, const config::Environment& environment)
      : project_(environment), draft_(options, notes_), context_{project_, notes_, draft_, agents_} {}

  Result<Imported> run(const std::vector<std::string>& files) {
    for (const std::string& file : files)
      if (auto read = read_file(file); !read) return fail(read.error());
    if (crew_)
      if (auto read = read_inner(); !read) return fail(read.error());
    if (agents_.empty())
      return fail(ErrorCode::invalid, "there is no agent in what was given; name agents.yaml, too");
    if (tasks_.empty())
      return fail(ErrorCode::invalid, "there is no task in what was given; name tasks.yaml, too");
    read_crew();
    write_agents();
    write_team();
    return std::move(draft_).take();
  }

 private:
  Result<> read_file(const std::string& path) {
    auto node = project_.read(path);
    if (!node) return fail(node.error());
    if (node->kind != Node::Kind::map)
      return fail(ErrorCode::invalid, fmt::format("{}: this is no map of agents or tasks and no crew", path));
    kept_.push_back(std::make_unique<Node>(std::move(*node)));
    const Node& file = *kept_.back();
    if (is_crew(file)) {
      crew_ = &file;
      crew_path_ = path;
    } else if (is_tasks(file)) {
      for (const auto& [name, task] : named(file, "task")) tasks_.push_back({name, task});
    } else {
      for (const auto& [name, agent] : named(file, "agent")) add_agent(name, *agent);
    }
    return {};
  }

  void add_agent(const std::string& name, const Node& node) {
    agents_.push_back({name, draft_.target_name(name), &node});
  }

  // The agents and tasks that stand in the crew's own file, or are named there.
  Result<> read_inner() {
    if (const Node* tasks = value_of(*crew_, "tasks"))
      for (const auto& [name, task] : named(*tasks, "task"))
        if (task->kind == Node::Kind::map) tasks_.push_back({name, task});
    if (const Node* agents = value_of(*crew_, "agents"))
      for (const auto& [name, agent] : named(*agents, "agent")) {
        if (agent->kind == Node::Kind::map)
          add_agent(name, *agent);
        else if (auto read = read_named(*agent); !read)
          return read;
      }
    // Who manages has a file, too, and need not be among the agents; a name without one is noted later.
    const Node* manager = value_of(*crew_, "manager_agent");
    if (auto read = manager ? read_named(*manager) : Result<>(); !read && read.error().code != kMissing)
      return read;
    return {};
  }

  Result<> read_named(const Node& name) {
    const std::string written = text_of(&name);
    const bool there = std::ranges::find(agents_, written, &CrewAgent::written) != agents_.end();
    if (written.empty() || there) return {};
    if (written.find('/') != std::string::npos || written.find("..") != std::string::npos)
      return fail(ErrorCode::invalid,
                  fmt::format("{}: `{}` is no name of an agent", project_.point(name.place), written));
    const std::string path = beside(crew_path_, fmt::format("agents/{}.json", written));
    auto file = project_.read(path + "c");
    if (!file && file.error().code == kMissing)
      if (auto plain = project_.read(path); plain || plain.error().code != kMissing) file = std::move(plain);
    if (!file) return fail(file.error());
    kept_.push_back(std::make_unique<Node>(std::move(*file)));
    add_agent(written, *kept_.back());
    return {};
  }

  void read_crew() {
    if (!crew_) return;
    go_through(*crew_, "crew", crewai_crew_keys(), project_, notes_,
               [this](const Member& member) { return carry_crew(member); });
  }

  bool carry_crew(const Member& member) {
    const std::string text = text_of(&member.value);
    if (member.key == "name") return team_name_ = text, true;
    if (member.key == "process") {
      hierarchical_ = text.ends_with("hierarchical");
      return hierarchical_ || text.ends_with("sequential");
    }
    if (member.key == "manager_llm") {
      if (member.value.kind != Node::Kind::null) manager_llm_ = &member.value;
      return true;
    }
    if (member.key == "manager_agent") {
      manager_agent_ = context_.agent_named(text);
      return !manager_agent_.empty();
    }
    if (member.key == "inputs") return note_inputs(member), true;
    return member.key == "agents" || member.key == "tasks";
  }

  void note_inputs(const Member& member) {
    for (const Member& input : member.value.members)
      notes_.add(project_.point(input.place), "crew.inputs." + input.key,
                 fmt::format("inputs have no defaults here; pass it: `--input {}=…`", input.key));
  }

  void write_agents() {
    for (const CrewAgent& agent : agents_) {
      const bool delegates = write_crewai_agent(agent, context_);
      if (delegates) delegating_.push_back(agent.name);
    }
  }

  void write_team() {
    Json team = {{"pattern", hierarchical_ ? "supervisor" : "sequential"}};
    std::vector<CrewTask> tasks = crewai_tasks(tasks_, context_);
    if (hierarchical_)
      write_supervisor(team, tasks);
    else
      write_tasks(team, tasks);
    const std::string name = draft_.target_name(team_name_.empty() ? "crew" : team_name_);
    draft_.add_team(name, std::move(team));
    draft_.default_target(name);
  }

  void write_tasks(Json& team, const std::vector<CrewTask>& tasks) {
    if (manager_llm_)
      notes_.add(project_.point(manager_llm_->place), "crew.manager_llm",
                 "only a hierarchical crew has a manager");
    team["tasks"] = Json::array();
    for (const CrewTask& task : tasks) team["tasks"].push_back(task.json);
    std::vector<std::string> used;
    for (const CrewTask& task : tasks) used.push_back(string_or(task.json, "agent"));
    Json members = Json::array();
    for (const CrewAgent& agent : agents_)
      if (!delegating_.empty() || std::ranges::find(used, agent.name) == used.end())
        members.push_back(agent.name);
    if (!members.empty()) team["members"] = members;
    for (const std::string& one : delegating_) {
      Json others = Json::array();
      for (const CrewAgent& agent : agents_)
        if (agent.name != one) others.push_back(agent.name);
      if (!others.empty()) team["delegate"][one] = others;
    }
  }

  void write_supervisor(Json& team, const std::vector<CrewTask>& tasks) {
    std::string plan =
        "Have these tasks done, in this order, by those who are best at them. Check each result "
        "against what is expected before you go on.\n";
    for (std::size_t i = 0; i < tasks.size(); ++i)
      plan +=
          fmt::format("\n{}. {}{}{}", i + 1, tasks[i].description,
                      tasks[i].expected_output.empty() ? "" : "\n   Expected: " + tasks[i].expected_output,
                      tasks[i].agent.empty() ? "" : "\n   For: " + tasks[i].agent);
    std::string manager = manager_agent_;
    if (manager.empty()) {
      manager = draft_.target_name("manager");
      const std::string place = manager_llm_ ? project_.point(manager_llm_->place) : project_.name(*crew_);
      draft_.add_agent(manager, {{"role", "Manager"},
                                 {"goal", "Have the crew's tasks done well"},
                                 {"model", import_model(manager_llm_, Json::object(), place,
                                                        "crew.manager_llm", project_, notes_, draft_)}});
    }
    draft_.agent(manager)["instructions"] = kept(plan);
    notes_.add(
        project_.name(*crew_), "crew.tasks",
        fmt::format("a hierarchical crew became a supervisor: its tasks stand in the instructions of `{}`, "
                    "and files and guardrails of tasks are not carried over",
                    manager));
    team["manager"] = manager;
    team["members"] = Json::array();
    for (const CrewAgent& agent : agents_)
      if (agent.name != manager) team["members"].push_back(agent.name);
  }

  Project project_;
  ImportNotes notes_;
  Draft draft_;
  std::vector<CrewAgent> agents_;
  CrewContext context_;
  std::vector<WrittenTask> tasks_;
  std::vector<std::unique_ptr<Node>> kept_;  // that the pointers above are into
  const Node* crew_ = nullptr;
  std::string crew_path_;
  std::string team_name_;
  std::string manager_agent_;
  const Node* manager_llm_ = nullptr;
  bool hierarchical_ = false;
  std::vector<std::string> delegating_;
};

}  // namespace

Result<Imported> import_crewai(const std::vector<std::string>& files, const ImportOptions& options,
                               const config::Environment& environment) {
  return CrewImport(options, environment).run(files);
}

}  // namespace troupe::app
