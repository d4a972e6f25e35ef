#pragma once

#include "agents/teams/settings.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace troupe::agents {

/// What a graph looks like, whatever its nodes give: which edges lead back, and who has to wait for whom.
/// Immutable; the settings outlive it.
class GraphShape {
 public:
  explicit GraphShape(const TeamSettings& settings);

  /// Where it begins: `start:`, or the first node that no other leads to, or the first by name.
  const std::string& start() const { return start_; }
  /// Numbers of the edges that leave a node, as they are written.
  const std::vector<std::size_t>& leaving(const std::string& node) const;
  /// How many edges lead to a node, the beginning among them.
  int arriving(const std::string& node) const;
  /// Whether an edge leads to a node that is on the way from the start to where it comes from.
  bool leads_back(std::size_t edge) const { return back_[edge]; }
  /// The place of a node in an order in which every edge that does not lead back goes forward.
  std::size_t place(const std::string& node) const;

  /// Whether a node that something came to waits while `other` is at work or waits itself: while it can still
  /// reach the node along edges of which only the last may lead back. So a node that joins branches has all
  /// of them, also where the join begins a next turn of a loop, and a branch of a loop does not wait for what
  /// its neighbours could bring about in the next turn.
  bool waits_for(const std::string& node, const std::string& other) const;

 private:
  void find_back_edges();

  const TeamSettings& settings_;
  std::string start_;
  std::map<std::string, std::vector<std::size_t>, std::less<>> leaving_;
  std::vector<bool> back_;                                 // by edge
  std::map<std::string, std::size_t, std::less<>> place_;  // by node
};

}  // namespace troupe::agents
