#include "agents/teams/patterns/graph_shape.h"

#include <algorithm>
#include <set>

namespace troupe::agents {

namespace {

std::string start_of(const TeamSettings& settings) {
  if (!settings.start.empty()) return settings.start;
  for (const auto& [name, unused] : settings.nodes) {
    const auto leads_there = [&](const EdgeSettings& edge) { return edge.to == name && edge.from != name; };
    if (std::ranges::none_of(settings.edges, leads_there)) return name;
  }
  return settings.nodes.empty() ? "" : settings.nodes.begin()->first;
}

}  // namespace

GraphShape::GraphShape(const TeamSettings& settings)
    : settings_(settings), start_(start_of(settings)), back_(settings.edges.size()) {
  for (const auto& [name, unused] : settings.nodes) leaving_[name];
  for (std::size_t i = 0; i < settings.edges.size(); ++i) {
    leaving_[settings.edges[i].from].push_back(i);
    if (settings.edges[i].to != kGraphEnd) leaving_[settings.edges[i].to];
  }
  find_back_edges();
}

// Depth first: an edge to a node on the way that led here leads back. Nodes get their places as they are
// left, the last one first. By a stack of its own, since a graph may be one long line.
void GraphShape::find_back_edges() {
  struct Step {
    std::string node;
    std::size_t next = 0;
  };
  std::set<std::string, std::less<>> seen;
  std::set<std::string, std::less<>> on_the_way;
  std::size_t place = leaving_.size();
  const auto visit = [&](const std::string& from) {
    if (!seen.insert(from).second) return;
    on_the_way.insert(from);
    std::vector<Step> way{{from}};
    while (!way.empty()) {
      const auto& edges = leaving(way.back().node);
      if (way.back().next == edges.size()) {
        place_[way.back().node] = --place;
        on_the_way.erase(way.back().node);
        way.pop_back();
        continue;
      }
      const std::size_t edge = edges[way.back().next++];
      const std::string& to = settings_.edges[edge].to;
      back_[edge] = on_the_way.contains(to);
      if (to == kGraphEnd || !seen.insert(to).second) continue;
      on_the_way.insert(to);
      way.push_back({to});
    }
  };
  visit(start_);
  for (const auto& [name, unused] : settings_.nodes) visit(name);
}

const std::vector<std::size_t>& GraphShape::leaving(const std::string& node) const {
  static const std::vector<std::size_t> kNone;
  const auto it = leaving_.find(node);
  return it == leaving_.end() ? kNone : it->second;
}

int GraphShape::arriving(const std::string& node) const {
  return static_cast<int>(std::ranges::count(settings_.edges, node, &EdgeSettings::to)) +
         (node == start_ ? 1 : 0);
}

std::size_t GraphShape::place(const std::string& node) const {
  const auto it = place_.find(node);
  return it == place_.end() ? place_.size() : it->second;
}

bool GraphShape::waits_for(const std::string& node, const std::string& other) const {
  if (node == other) return true;
  std::set<std::string, std::less<>> reached{other};
  std::vector<std::string> open{other};
  while (!open.empty()) {
    const std::string at = std::move(open.back());
    open.pop_back();
    for (const std::size_t edge : leaving(at)) {
      const std::string& to = settings_.edges[edge].to;
      if (to == node) return true;
      if (!back_[edge] && reached.insert(to).second) open.push_back(to);
    }
  }
  return false;
}

}  // namespace troupe::agents
