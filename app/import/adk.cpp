#include "app/import/adk.h"

#include "agents/chains/placeholders.h"
#include "app/import/adk_keys.h"
#include "app/import/adk_tree.h"
#include "app/import/model_keys.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace troupe::app {

namespace {

using config::Member;
using config::Node;
using Class = AdkAgent::Class;

// State that an agent's texts may name: where a result of before is found, by what ADK calls it.
using State = std::map<std::string, std::string>;

// Every `output_key` in a tree.
void add_output_keys(const AdkAgent& agent, std::vector<std::string>& keys) {
  if (const std::string key = text_of(value_of(agent.node, "output_key")); !key.empty()) keys.push_back(key);
  for (const AdkAgent& one : agent.below) add_output_keys(one, keys);
}

// ADK fills a name in any number of braces, {{name}} and { name } like {name}.
std::string with_single_braces(const std::string& text) {
  std::string result;
  std::size_t at = 0;
  for (std::size_t open = text.find('{'); open != text.npos; open = text.find('{', at)) {
    const std::size_t name = text.find_first_not_of("{ ", open);
    const std::size_t close = name == text.npos ? name : text.find_first_of("{} ", name);
    const std::size_t end = close == text.npos ? close : text.find_first_not_of(' ', close);
    result += text.substr(at, open - at);
    at = open + 1;
    const bool escaped = open > 0 && (text[open - 1] == '$' || text[open - 1] == '\\');
    if (escaped || end == text.npos || text[end] != '}' ||
        !agents::is_placeholder_name(text.substr(name, close - name))) {
      result += '{';
      continue;
    }
    result += "{" + text.substr(name, close - name) + "}";
    at = std::min(text.find_first_not_of('}', end), text.size());
  }
  return result + text.substr(std::min(at, text.size()));
}

std::string instruction_of(const AdkAgent& agent) {
  std::string text = text_of(value_of(agent.node, "static_instruction"));
  const std::string instruction = with_single_braces(text_of(value_of(agent.node, "instruction")));
  if (!text.empty() && !instruction.empty()) text += "\n\n";
  return text + instruction;
}

// {name} of the state becomes {name} of the task that gives it.
std::string with_tasks(std::string text, const State& state) {
  for (const auto& [key, task] : state) {
    const std::string from = "{" + key + "}";
    const std::string to = "{" + task + "}";
    for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  }
  return text;
}

bool names_state(const std::string& text, const State& state) {
  return std::ranges::any_of(agents::placeholders_of(text),
                             [&](const auto& name) { return state.contains(name); });
}

// What a task says already of the agent that does it.
struct Told {
  bool instruction = false;
  bool output_key = false;
};

class AdkImport {
 public:
  AdkImport(const ImportOptions& options, const config::Environment& environment)
      : project_(environment), draft_(options, notes_) {}

  Result<Imported> run(const std::string& file) {
    auto tree = read_adk(file, project_, notes_);
    if (!tree) return fail(tree.error().code, with_notes(tree.error().message));
    const std::string root = write(**tree);
    if (root.empty())
      return fail(ErrorCode::invalid,
                  with_notes(fmt::format("{}: no agent is left that could answer", file)));
    draft_.default_target(root);
    return std::move(draft_).take();
  }

 private:
  // Where nothing is written, the notes are the reason.
  std::string with_notes(std::string message) const {
    for (const ImportNote& note : notes_.all()) message += "\n" + render(note);
    return message;
  }

  // Returns what it is called here; "": nothing of it is left.
  std::string write(const AdkAgent& agent, Told told = {}) {
    switch (agent.kind) {
      case Class::llm:
        return write_llm(agent, told);
      case Class::sequential:
        return write_sequential(agent);
      case Class::parallel:
        return write_members(agent, team_of(agent, "parallel"));
      case Class::loop:
        return write_loop(agent);
    }
    return "";
  }

  std::string write_llm(const AdkAgent& agent, Told told) {
    const std::string name = draft_.target_name(agent.written);
    Json written = Json::object();
    Json further = Json::object();
    Json tools = Json::array();
    const std::string text = instruction_of(agent);
    if (!told.instruction && !text.empty()) written["instructions"] = kept(text);
    go_through(agent.node, agent.written, adk_agent_keys(), project_, notes_, [&](const Member& member) {
      return carry_common(member, written) ||
             carry_llm(agent, member, told.output_key, written, further, tools);
    });
    note_placeholders(agent, text);
    const std::string place = project_.point(agent.model ? agent.model->place : agent.node.place);
    written["model"] =
        import_model(agent.model, further, place, agent.written + ".model", project_, notes_, draft_);
    if (!tools.empty()) written["tools"] = tools;
    draft_.add_agent(name, std::move(written));
    return agent.below.empty() ? name : write_handoff(agent, name);
  }

  static bool carry_common(const Member& member, Json& written) {
    if (member.key == "description") {
      if (!member.value.text.empty()) written["description"] = kept(member.value.text);
      return true;
    }
    return member.key == "name" || member.key == "agent_class" || member.key == "sub_agents";
  }

  bool carry_llm(const AdkAgent& agent, const Member& member, bool named, Json& written, Json& further,
                 Json& tools) {
    const std::string& key = member.key;
    if (key == "tools") return carry_tools(agent, member, tools), true;
    if (key == "generate_content_config") return carry_content(agent, member, further), true;
    if (key == "include_contents") {
      if (member.value.text == "none") written["memory"] = {{"type", "none"}};
      return member.value.text == "none" || member.value.text == "default";
    }
    if (key == "output_key") return named;
    if (key == "disallow_transfer_to_parent" || key == "disallow_transfer_to_peers")
      return hands_over_ || !is_true(member.value);
    return key == "instruction" || key == "static_instruction" || key == "model";
  }

  void carry_tools(const AdkAgent& agent, const Member& member, Json& tools) {
    const std::string path = agent.written + ".tools";
    for (const Node& item : member.value.items) {
      const Node* name = item.kind == Node::Kind::map ? value_of(item, "name") : &item;
      const std::string tool = draft_.tool(text_of(name), project_.point(item.place), path);
      if (!tool.empty() && std::ranges::find(tools, Json(tool)) == tools.end()) tools.push_back(tool);
      for (const Member& further : item.members)
        if (further.key != "name" && !tool.empty())
          notes_.add(project_.point(further.place), fmt::format("{}.{}", path, further.key),
                     fmt::format("settings of a tool stand at its entry: `tools.{}`", tool));
    }
  }

  void carry_content(const AdkAgent& agent, const Member& member, Json& further) {
    const std::string path = agent.written + ".generate_content_config";
    go_through(member.value, path, adk_content_keys(), project_, notes_,
               [&](const Member& one) { return import_model_setting(one, further); });
  }

  // {name?} and {artifact.name} are ADK's own.
  void note_placeholders(const AdkAgent& agent, const std::string& text) {
    const Node* place = value_of(agent.node, "instruction");
    for (const char* end : {"?}", "{artifact."})
      if (text.find(end) != std::string::npos)
        notes_.add(
            project_.point(place ? place->place : agent.node.place), agent.written + ".instruction",
            "{name?} and {artifact.name} are left as they stand; {name} is filled from the run's inputs");
  }

  std::string write_handoff(const AdkAgent& agent, const std::string& own) {
    const bool before = std::exchange(hands_over_, true);
    Json members = Json::array({own});
    std::vector<std::pair<const AdkAgent*, std::string>> below;
    for (const AdkAgent& one : agent.below)
      if (const std::string name = write(one); !name.empty()) below.emplace_back(&one, name);
    hands_over_ = before;
    for (const auto& [one, name] : below) members.push_back(name);
    if (members.size() < 2) return own;
    const std::string team = draft_.target_name(agent.written + "_team");
    Json written = {{"pattern", "handoff"}, {"members", std::move(members)}, {"start", own}};
    if (Json handoffs = handoffs_of(own, below); !handoffs.empty()) written["handoffs"] = std::move(handoffs);
    draft_.add_team(team, std::move(written));
    return team;
  }

  // Nothing where everybody may hand over to everybody.
  static Json handoffs_of(const std::string& own,
                          const std::vector<std::pair<const AdkAgent*, std::string>>& below) {
    Json all = Json::object();
    bool limited = false;
    for (const auto& [one, name] : below) all[own].push_back(name);
    for (const auto& [one, name] : below) {
      const Node* parent = value_of(one->node, "disallow_transfer_to_parent");
      const Node* peers = value_of(one->node, "disallow_transfer_to_peers");
      const bool up = !parent || !is_true(*parent);
      const bool across = !peers || !is_true(*peers);
      limited = limited || !up || !across;
      Json to = Json::array();
      if (up) to.push_back(own);
      for (const auto& [other, peer] : below)
        if (across && peer != name) to.push_back(peer);
      all[name] = std::move(to);
    }
    return limited ? all : Json::object();
  }

  std::string write_sequential(const AdkAgent& agent) {
    Json team = team_of(agent, "sequential");
    std::set<std::string> taken{"input", "item", "end"};
    State state;
    team["tasks"] = Json::array();
    for (const AdkAgent& one : agent.below) {
      const std::string key = text_of(value_of(one.node, "output_key"));
      const std::string text = instruction_of(one);
      const bool told = one.kind == Class::llm && one.below.empty() && names_state(text, state);
      const bool named = !key.empty() && one.kind == Class::llm && one.below.empty();
      const std::string target = write(one, {.instruction = told, .output_key = named});
      if (target.empty()) continue;
      const std::string base = plain_name(key.empty() ? one.written : key, "task");
      std::string name = base;
      for (int i = 2; taken.contains(name); ++i) name = fmt::format("{}_{}", base, i);
      taken.insert(name);
      team["tasks"].push_back(
          {{"name", name},
           {"agent", target},
           {"description", told ? kept(with_tasks(text, state)) + "\n\n{input}" : "{input}"}});
      remember(one, name, state);
    }
    return finish(agent, std::move(team), "tasks");
  }

  // What an agent below leaves in the state is the result of its task here.
  void remember(const AdkAgent& one, const std::string& task, State& state) {
    std::vector<std::string> keys;
    add_output_keys(one, keys);
    for (const std::string& key : keys) {
      state[key] = task;
      if (key != task)
        notes_.add(project_.point(one.node.place), one.written + ".output_key",
                   fmt::format("{{{}}} became {{{}}}, the result of the task it is a part of", key, task));
    }
  }

  std::string write_loop(const AdkAgent& agent) {
    Json team = team_of(agent, "round_robin");
    const Node* most = value_of(agent.node, "max_iterations");
    if (const auto rounds = whole_number(text_of(most), 1, 1'000))
      team["rounds"] = *rounds;
    else
      notes_.add(project_.point(most ? most->place : agent.node.place), agent.written + ".max_iterations",
                 "a loop without a bound ends at the team's limits; write `rounds`, or `until: { text: … }` "
                 "for what "
                 "ended it by an escalation");
    return write_members(agent, std::move(team));
  }

  Json team_of(const AdkAgent& agent, const char* pattern) {
    Json team = {{"pattern", pattern}};
    const bool loop = agent.kind == Class::loop;
    go_through(agent.node, agent.written, adk_agent_keys(), project_, notes_, [&](const Member& member) {
      return carry_common(member, team) || member.key == "model" || (loop && member.key == "max_iterations");
    });
    return team;
  }

  std::string write_members(const AdkAgent& agent, Json team) {
    team["members"] = Json::array();
    for (const AdkAgent& one : agent.below)
      if (const std::string name = write(one); !name.empty()) team["members"].push_back(name);
    return finish(agent, std::move(team), "members");
  }

  std::string finish(const AdkAgent& agent, Json team, const char* list) {
    if (team[list].empty()) {
      notes_.add(project_.point(agent.node.place), agent.written,
                 "nothing of its sub-agents is left, so the team is left out");
      return "";
    }
    const std::string name = draft_.target_name(agent.written);
    draft_.add_team(name, std::move(team));
    return name;
  }

  Project project_;
  ImportNotes notes_;
  Draft draft_;
  bool hands_over_ = false;  // the agent that is written is below one that hands over to it
};

}  // namespace

Result<Imported> import_adk(const std::string& file, const ImportOptions& options,
                            const config::Environment& environment) {
  return AdkImport(options, environment).run(file);
}

}  // namespace troupe::app
