#include "agents/teams/graph_shape.h"

#include "agents/people/section.h"
#include "agents/teams/condition_shape.h"
#include "agents/teams/failure_keys.h"
#include "agents/teams/names.h"
#include "runtime/config/json_value.h"

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using config::Check;
using config::Record;

void check_node(const NodeSettings& node, Check& check) {
  const int kinds = !node.run.empty() + !node.tool.empty() + !node.person.empty();
  if (kinds == 0)
    return check.error("", "does nothing; write `run` (an agent, chain or team), `tool` or `person`");
  if (kinds > 1) {
    const char* second = node.person.empty() ? "tool" : "person";
    return check.error(second, "is one thing too many; a node has one of `run`, `tool` and `person`");
  }
  if (check.given("text") && node.run.empty()) check.error("text", "is for `run`: what it is asked");
  if (check.given("input") && node.tool.empty())
    check.error("input", "is for `tool`: what it is called with");
  if (!node.map.empty() && !node.person.empty())
    check.error("map", "is not for `person`: nobody is asked a list of questions at once");
  const std::string pointer =
      node.map.find('/') == std::string::npos ? "" : node.map.substr(node.map.find('/'));
  if (std::string problem = pointer_problem(pointer); !problem.empty()) check.error("map", problem);
}

Record<NodeSettings> node() {
  Record<NodeSettings> node("A node: one thing that is done");
  node.field("run", &NodeSettings::run, target_name(), "an agent, a chain or a team that is asked");
  node.field("tool", &NodeSettings::tool, config::part_reference("tools", "tool"),
             "or a tool of `tools` that is called");
  node.field("person", &NodeSettings::person, config::text({.expected = "a question"}),
             "or a question that a person answers");
  node.field("text", &NodeSettings::text, config::text({.expected = "a text"}),
             "what `run` is asked: {input} is what the graph was asked, {name} an input of the run or what a "
             "node gave; without it what the node before gave");
  node.field("input", &NodeSettings::input, config::json_value("the tool's input"),
             "what `tool` is called with; texts in it are filled the same way");
  node.field("map", &NodeSettings::map,
             config::line({.expected = "a node, perhaps with a pointer into its data: `plan/steps`",
                           .bytes_max = 1'024}),
             "a list that a node gave, as NODE or NODE/pointer: this node is run once for each {item} of it");
  node.field("output_file", &NodeSettings::output_file, output_path(),
             "a file below `artifacts` that the result is written to; {name} is filled from inputs");
  add_failure_keys(node, &NodeSettings::failure);
  node.advise("agent", "it is called `run`");
  node.advise("team", "it is called `run`");
  node.advise("chain", "it is called `run`");
  node.advise("prompt", "it is called `text`");
  node.advise("next", "ways are written in `edges: [ { from: …, to: … } ]`");
  node.check(check_node);
  return node;
}

config::ShapePtr<std::string> node_name(const char* expected) {
  return config::line({.expected = expected, .bytes_max = 64});
}

Record<EdgeSettings> edge() {
  Record<EdgeSettings> edge("A way from one node to another");
  edge.field("from", &EdgeSettings::from, node_name("the name of a node"), "the node it comes from")
      .required();
  edge.field("to", &EdgeSettings::to, node_name("the name of a node, or `end`"),
             "the node it leads to; `end`: the graph is done")
      .required();
  edge.field("when", &EdgeSettings::when, config::maybe(condition_shape()),
             "only when this holds of what the node gave");
  edge.field("otherwise", &EdgeSettings::otherwise, config::boolean(),
             "taken only where no other edge of the node it comes from is");
  edge.field("most", &EdgeSettings::most, config::integer<int>(1, limits::kGraphEdgeTimes),
             "how often it is taken at most; every loop needs one such edge")
      .without_default();
  edge.advise("condition", "it is called `when`");
  edge.advise("if", "it is called `when`");
  edge.advise("max", "it is called `most`");
  edge.advise("source", "it is called `from`");
  edge.advise("target", "it is called `to`");
  return edge;
}

/// `nodes: { draft: { run: writer } }`. Keys become names.
class NodesShape final : public config::Shape<std::map<std::string, NodeSettings>> {
 public:
  void read(const config::Node& node, std::map<std::string, NodeSettings>& nodes,
            config::Reader& reader) const override {
    if (!config::is_map(node, reader, "a map of nodes by name")) return;
    if (node.members.size() > limits::kGraphNodes)
      return reader.error(node.place, fmt::format("has {} nodes; at most {} are read", node.members.size(),
                                                  limits::kGraphNodes));
    for (const config::Member& member : node.members) {
      config::Reader::Inside inside(reader, member.key);
      if (std::string problem = task_name_problem(member.key); !problem.empty())
        reader.error(member.place, problem);
      NodeSettings one;
      one.name = member.key;
      node_->read(member.value, one, reader);
      nodes.insert_or_assign(member.key, std::move(one));
    }
  }
  Json show(const std::map<std::string, NodeSettings>& nodes) const override {
    Json shown = Json::object();
    for (const auto& [name, one] : nodes) shown[name] = node_->show(one);
    return shown;
  }
  Json schema() const override { return config::map_schema(node_->schema()); }

 private:
  config::ShapePtr<NodeSettings> node_ = config::shape(node());
};

}  // namespace

void add_graph_keys(Record<TeamSettings>& record) {
  record
      .field("nodes", &TeamSettings::nodes,
             config::ShapePtr<std::map<std::string, NodeSettings>>(std::make_shared<NodesShape>()),
             "what is done, by name")
      .required();
  record
      .field("edges", &TeamSettings::edges,
             config::list_of(config::shape(edge()), "a list of edges", limits::kGraphEdges),
             "the ways between nodes, and to `end`")
      .required();
  record.field("start", &TeamSettings::start, node_name("the name of a node"), "the node that is run first")
      .required();
  record.field("people", &TeamSettings::people, config::shape(people_section()),
               "how long questions and tools of nodes wait for a person");
}

}  // namespace troupe::agents
