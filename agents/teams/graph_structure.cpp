#include "agents/chains/placeholders.h"
#include "agents/teams/structure.h"
#include "runtime/base/suggest.h"
#include "runtime/config/text_check.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

class GraphStructure {
 public:
  GraphStructure(const TeamSettings& team, std::vector<TeamProblem>& problems)
      : team_(team), names_(names_of(team.nodes)), problems_(problems) {}

  void check() {
    if (team_.nodes.empty()) return report("nodes", "needs at least one node");
    const std::size_t before = problems_.size();
    node(team_.start, "start");
    check_edges();
    for (const auto& [name, settings] : team_.nodes) check_node(settings, "nodes." + name);
    if (problems_.size() != before) return;  // what follows would only repeat it
    check_ways();
    check_loops();
  }

 private:
  void report(std::string key, std::string text) { problems_.push_back({std::move(key), std::move(text)}); }

  bool is_node(const std::string& name) const { return team_.nodes.contains(name); }

  void node(const std::string& name, const std::string& key) {
    if (is_node(name)) return;
    std::string hint = did_you_mean(name, names_);
    if (hint.empty()) hint = "; there is " + config::enumerate(names_);
    report(key, fmt::format("no node is called `{}`{}", config::clip(name), hint));
  }

  void check_edges() {
    for (std::size_t i = 0; i < team_.edges.size(); ++i) {
      const EdgeSettings& edge = team_.edges[i];
      const std::string key = fmt::format("edges[{}]", i);
      if (edge.from == kGraphEnd)
        report(key + ".from", "nothing comes after `end`");
      else
        node(edge.from, key + ".from");
      if (edge.to != kGraphEnd) node(edge.to, key + ".to");
      if (edge.when) check_condition(*edge.when, key + ".when");
    }
  }

  void check_condition(const ConditionSettings& condition, const std::string& key) {
    using Kind = ConditionSettings::Kind;
    if (condition.kind == Kind::compare) {
      if (!condition.of.empty() && !condition.of.starts_with(kOfBoard)) node(condition.of, key + ".of");
      return;
    }
    if (condition.kind == Kind::negation && !condition.parts.empty())
      return check_condition(condition.parts.front(), key + ".not");
    const char* name = condition.kind == Kind::any ? "any" : "all";
    for (std::size_t i = 0; i < condition.parts.size(); ++i)
      check_condition(condition.parts[i], fmt::format("{}.{}[{}]", key, name, i));
  }

  void check_node(const NodeSettings& settings, const std::string& key) {
    if (!settings.map.empty()) node(settings.map.substr(0, settings.map.find('/')), key + ".map");
    for (const std::string& name : placeholders_of(settings.output_file))
      if (is_node(name))
        report(key + ".output_file",
               fmt::format("{{{}}} is what a node gave; a path is filled from inputs only", name));
  }

  std::set<std::string> reached() const {
    std::set<std::string> seen{team_.start};
    std::vector<std::string> open{team_.start};
    while (!open.empty()) {
      const std::string at = std::move(open.back());
      open.pop_back();
      for (const EdgeSettings& edge : team_.edges)
        if (edge.from == at && seen.insert(edge.to).second) open.push_back(edge.to);
    }
    return seen;
  }

  void check_ways() {
    const std::set<std::string> seen = reached();
    for (const std::string& name : names_)
      if (!seen.contains(name))
        report("nodes." + name,
               fmt::format("no way leads here from `start`, `{}`; add an edge", team_.start));
    if (!seen.contains(std::string(kGraphEnd)))
      report("edges", fmt::format("no way leads from `{}` to `end`; add an edge `{{ from: …, to: end }}`",
                                  team_.start));
  }

  // Depth first over the edges that have no bound of their own; what leads back onto the way closes a loop.
  void check_loops() {
    std::set<std::string> done;
    std::vector<std::string> way;
    std::function<bool(const std::string&)> walk = [&](const std::string& name) {
      if (const auto on = std::ranges::find(way, name); on != way.end()) {
        report_loop({on, way.end()}, name);
        return false;
      }
      if (!done.insert(name).second) return true;
      way.push_back(name);
      for (const EdgeSettings& edge : team_.edges)
        if (edge.from == name && edge.most == 0 && !walk(edge.to)) return false;
      way.pop_back();
      return true;
    };
    for (const std::string& name : names_)
      if (!walk(name)) return;  // one at a time: a bound often serves several loops
  }

  void report_loop(std::vector<std::string> loop, const std::string& back) {
    const std::string last = loop.back();
    loop.push_back(back);
    std::string text;
    for (const std::string& name : loop) text += fmt::format("{}`{}`", text.empty() ? "" : ", ", name);
    for (std::size_t i = 0; i < team_.edges.size(); ++i) {
      const EdgeSettings& edge = team_.edges[i];
      if (edge.from != last || edge.to != back || edge.most != 0) continue;
      return report(
          fmt::format("edges[{}]", i),
          fmt::format("closes a loop without a bound: {}; give one of its edges a `most`, how often "
                      "it is taken at most",
                      text));
    }
  }

  const TeamSettings& team_;
  std::vector<std::string> names_;
  std::vector<TeamProblem>& problems_;
};

}  // namespace

void check_graph(const TeamSettings& team, std::vector<TeamProblem>& problems) {
  GraphStructure(team, problems).check();
}

}  // namespace troupe::agents
