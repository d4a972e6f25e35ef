#include "app/import/crewai_agent.h"

#include "agents/chains/placeholders.h"
#include "app/import/crewai_keys.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::app {

namespace {

using config::Member;
using config::Node;

class AgentImport {
 public:
  AgentImport(const CrewAgent& agent, CrewContext& context) : agent_(agent), context_(context) {}

  bool run() {
    const Node& node = *agent_.node;
    go_through(node, agent_.written, crewai_agent_keys(), context_.project, context_.notes,
               [this](const Member& member) { return carry(member); });
    const Node* llm = value("llm");
    const std::string place = context_.project.point(llm ? llm->place : node.place);
    written_["model"] = import_model(llm, further_, place, agent_.written + ".llm", context_.project,
                                     context_.notes, context_.draft);
    if (!tools_.empty()) written_["tools"] = tools_;
    if (!limits_.empty()) written_["limits"] = limits_;
    if (const Node* guardrail = value("guardrail"))
      if (auto rule = crewai_guardrail(*guardrail, text_of(value("guardrail_max_retries")), agent_.written,
                                       string_or(written_, "model"), context_))
        written_["guardrails"] = {{"output", Json::array({*rule})}};
    context_.draft.add_agent(agent_.name, std::move(written_));
    return delegates_;
  }

 private:
  // `settings` holds keys of the agent, and is what counts where both have one.
  const Node* value(const char* key) const {
    const Node* settings = value_of(*agent_.node, "settings");
    const Node* set = settings ? value_of(*settings, key) : nullptr;
    return set ? set : value_of(*agent_.node, key);
  }

  bool carry_settings(const Member& member) {
    if (member.value.kind == Node::Kind::map)
      go_through(member.value, agent_.written + ".settings", crewai_agent_keys(), context_.project,
                 context_.notes, [this](const Member& one) { return one.key != "settings" && carry(one); });
    return member.value.kind != Node::Kind::scalar && member.value.kind != Node::Kind::sequence;
  }

  bool carry(const Member& member) {
    const std::string& key = member.key;
    if (key == "settings") return carry_settings(member);
    if (value(key.c_str()) != &member.value) return true;
    if (member.value.kind == Node::Kind::null) return true;  // as if it were not written
    const std::string text = text_of(&member.value);
    if (key == "role" || key == "goal" || key == "backstory")
      return written_[key] = kept(context_.text(&member.value, agent_.written + "." + key)), true;
    if (key == "tools") return carry_tools(member), true;
    if (key == "max_iter") return carry_number(text, 1'000, [this](long long n) { limits_["steps"] = n; });
    if (key == "max_execution_time")
      return carry_number(text, 86'400, [this](long long n) { limits_["time"] = fmt::format("{}s", n); });
    if (key == "max_tokens")
      return carry_number(text, 10'000'000, [this](long long n) { further_["max_output_tokens"] = n; });
    if (key == "allow_delegation") return delegates_ = is_true(member.value), true;
    if (key == "inject_date") {
      if (is_true(member.value)) add_tool("clock", member.place);
      return true;
    }
    return key == "name" || key == "llm" || key == "guardrail" || key == "guardrail_max_retries";
  }

  template <class Set>
  bool carry_number(const std::string& text, long long most, Set set) {
    const auto number = whole_number(text, 1, most);
    if (number) set(*number);
    return number.has_value();
  }

  void carry_tools(const Member& member) {
    for (const Node& item : member.value.items)
      if (item.kind == Node::Kind::scalar)
        add_tool(item.text, item.place);
      else
        context_.notes.add(
            context_.project.point(item.place), agent_.written + ".tools",
            "a tool in Python is not carried over; write an entry of `tools` that does the same");
  }

  void add_tool(const std::string& written, config::Place place) {
    const std::string name =
        context_.draft.tool(written, context_.project.point(place), agent_.written + ".tools");
    if (!name.empty() && std::ranges::find(tools_, Json(name)) == tools_.end()) tools_.push_back(name);
  }

  const CrewAgent& agent_;
  CrewContext& context_;
  Json written_ = Json::object();
  Json tools_ = Json::array();
  Json limits_ = Json::object();
  Json further_ = Json::object();  // of the model
  bool delegates_ = false;
};

}  // namespace

std::string CrewContext::agent_named(const std::string& written) const {
  const auto found = std::ranges::find(agents, written, &CrewAgent::written);
  return found == agents.end() ? "" : found->name;
}

std::string CrewContext::text(const config::Node* node, const std::string& path) const {
  std::string text = text_of(node);
  for (std::size_t open = text.find('{'); open != text.npos; open = text.find('{', open + 1)) {
    const std::size_t end = text.find_first_of("{}", open + 1);
    if (end == text.npos || text[end] != '}') continue;
    const std::string written = text.substr(open + 1, end - open - 1);
    std::string name = written;
    std::ranges::replace(name, '-', '_');
    if (name == written || !agents::is_placeholder_name(name) || written.front() == '-') continue;
    text.replace(open + 1, name.size(), name);
    notes.add(project.point(node->place), path,
              fmt::format("the input {{{}}} became {{{}}}: names have no hyphens here", written, name));
  }
  return text;
}

bool write_crewai_agent(const CrewAgent& agent, CrewContext& context) {
  return AgentImport(agent, context).run();
}

std::optional<Json> crewai_guardrail(const config::Node& node, const std::string& retries,
                                     const std::string& path, const std::string& model,
                                     CrewContext& context) {
  const std::string place = context.project.point(node.place);
  const std::string text = text_of(&node);
  if (text.find(' ') == std::string::npos) {
    context.notes.add(
        place, path + ".guardrail",
        "a function in Python is not carried over; write a rule: `deny`, `require`, a length, a "
        "schema, or words that a `model` judges by");
    return std::nullopt;
  }
  if (context.draft.is_builtin(model)) {
    context.notes.add(
        place, path + ".guardrail",
        "words take a model to judge by, and `builtin` cannot; write `guardrails: { output: [ { "
        "model: …, prompt: … } ] }` once there is one");
    return std::nullopt;
  }
  Json rule = {{"model", model}, {"prompt", kept(text)}};
  if (const auto count = whole_number(retries, 0, 10)) rule["retries"] = *count;
  return rule;
}

}  // namespace troupe::app
