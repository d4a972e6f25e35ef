#include "app/import/adk_tree.h"

#include "runtime/base/limits.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

namespace troupe::app {

namespace {

using config::Node;

std::optional<AdkAgent::Class> class_of(std::string written) {
  if (const std::size_t dot = written.rfind('.'); dot != std::string::npos) written.erase(0, dot + 1);
  if (written.empty() || written == "LlmAgent" || written == "Agent") return AdkAgent::Class::llm;
  if (written == "SequentialAgent") return AdkAgent::Class::sequential;
  if (written == "ParallelAgent") return AdkAgent::Class::parallel;
  if (written == "LoopAgent") return AdkAgent::Class::loop;
  return std::nullopt;
}

class Tree {
 public:
  Tree(Project& project, ImportNotes& notes) : project_(project), notes_(notes) {}

  // Nothing: a class of its own, which is noted.
  Result<std::optional<AdkAgent>> read(const std::string& path) {
    if (std::ranges::find(way_, path) != way_.end())
      return fail(ErrorCode::invalid,
                  fmt::format("{}: this file leads back to itself by `config_path`", path));
    if (way_.size() >= limits::kConfigIncludeDepth)
      return fail(ErrorCode::invalid, fmt::format("{}: agents below agents, more than {} deep", path,
                                                  limits::kConfigIncludeDepth));
    auto node = project_.read(path);
    if (!node) return fail(node.error());
    if (node->kind != Node::Kind::map)
      return fail(ErrorCode::invalid, fmt::format("{}: this is no agent", path));
    const Node* written = value_of(*node, "agent_class");
    const auto kind = class_of(text_of(written));
    if (!kind) {
      note_class(*node, *written);
      return std::nullopt;
    }
    AdkAgent agent{.kind = *kind, .written = text_of(value_of(*node, "name"))};
    if (agent.written.empty()) agent.written = std::filesystem::path(path).stem().string();
    way_.push_back(path);
    if (const Node* below = value_of(*node, "sub_agents"))
      for (const Node& one : below->items)
        if (auto added = add(one, path, agent); !added) return fail(added.error());
    way_.pop_back();
    agent.node = std::move(*node);
    return agent;
  }

 private:
  Result<> add(const Node& one, const std::string& path, AdkAgent& agent) {
    const Node* file = value_of(one, "config_path");
    if (!file) {
      const Node* code = value_of(one, "code");
      notes_.add(project_.point(one.place), agent.written + ".sub_agents",
                 fmt::format("`{}` is Python code and is left out; write it as an agent",
                             code ? text_of(code) : std::string("this")));
      return {};
    }
    const std::string inner = std::filesystem::path(beside(path, text_of(file))).lexically_normal().string();
    auto read_one = read(inner);
    if (!read_one) return fail(read_one.error());
    if (*read_one) agent.below.push_back(std::move(**read_one));
    return {};
  }

  // The keys of a class of one's own mean what its code says.
  void note_class(const Node& node, const Node& written) {
    const std::string name = text_of(value_of(node, "name"));
    notes_.add(
        project_.point(written.place), name + ".agent_class",
        fmt::format("`{}` is a class in Python, so `{}` is left out; write it as an agent, or as a team of "
                    "`pattern: graph`",
                    text_of(&written), name));
    for (const config::Member& member : node.members)
      if (member.key != "agent_class" && member.key != "name")
        notes_.add(project_.point(member.place), name + "." + member.key,
                   "belongs to an agent that is left out");
  }

  Project& project_;
  ImportNotes& notes_;
  std::vector<std::string> way_;
};

void inherit_models(AdkAgent& agent, const Node* above) {
  const Node* own = value_of(agent.node, "model");
  agent.model = own ? own : above;
  for (AdkAgent& one : agent.below) inherit_models(one, agent.model);
}

}  // namespace

Result<std::unique_ptr<AdkAgent>> read_adk(const std::string& file, Project& project, ImportNotes& notes) {
  auto root = Tree(project, notes).read(std::filesystem::path(file).lexically_normal().string());
  if (!root) return fail(root.error());
  if (!*root)
    return fail(ErrorCode::invalid, fmt::format("{}: the root is a class in Python, so nothing is left to "
                                                "write",
                                                file));
  auto tree = std::make_unique<AdkAgent>(std::move(**root));
  inherit_models(*tree, nullptr);
  return tree;
}

}  // namespace troupe::app
