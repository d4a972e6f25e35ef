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
    way_.push_back(path);
    auto agent = agent_of(std::move(*node), path, 0);
    way_.pop_back();
    return agent;
  }

  // Of the first agent that is left out.
  const std::string& other_class() const { return other_class_; }

 private:
  // `path`: the file that the agent stands in. `inside`: how many agents it stands in there.
  Result<std::optional<AdkAgent>> agent_of(Node node, const std::string& path, std::size_t inside) {
    const Node* written = value_of(node, "agent_class");
    const auto kind = class_of(text_of(written));
    if (!kind) {
      note_class(node, *written);
      return std::nullopt;
    }
    AdkAgent agent{.kind = *kind, .written = text_of(value_of(node, "name"))};
    if (agent.written.empty()) agent.written = std::filesystem::path(path).stem().string();
    if (const Node* below = value_of(node, "sub_agents"))
      for (const Node& one : below->items)
        if (auto added = add(one, path, inside, agent); !added) return fail(added.error());
    agent.node = std::move(node);
    return agent;
  }

  Result<> add(const Node& one, const std::string& path, std::size_t inside, AdkAgent& agent) {
    const Node* file = one.kind == Node::Kind::scalar ? &one : value_of(one, "config_path");
    // Written out where others name a file.
    if (!file && !value_of(one, "code") && value_of(one, "name")) {
      if (way_.size() + inside >= limits::kConfigIncludeDepth)
        return fail(ErrorCode::invalid, fmt::format("{}: agents below agents, more than {} deep", path,
                                                    limits::kConfigIncludeDepth));
      auto inner = agent_of(one, path, inside + 1);
      if (!inner) return fail(inner.error());
      if (*inner) agent.below.push_back(std::move(**inner));
      return {};
    }
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
    if (other_class_.empty()) other_class_ = text_of(&written);
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
  std::string other_class_;
};

void inherit_models(AdkAgent& agent, const Node* above) {
  const Node* own = value_of(agent.node, "model");
  agent.model = own ? own : above;
  for (AdkAgent& one : agent.below) inherit_models(one, agent.model);
}

}  // namespace

Result<std::unique_ptr<AdkAgent>> read_adk(const std::string& file, Project& project, ImportNotes& notes) {
  Tree reader(project, notes);
  auto root = reader.read(std::filesystem::path(file).lexically_normal().string());
  if (!root) return fail(root.error());
  if (!*root)
    return fail(ErrorCode::invalid, fmt::format("{}: the root is a class in Python, `{}`, so nothing is "
                                                "left to write",
                                                file, reader.other_class()));
  auto tree = std::make_unique<AdkAgent>(std::move(**root));
  inherit_models(*tree, nullptr);
  return tree;
}

}  // namespace troupe::app
