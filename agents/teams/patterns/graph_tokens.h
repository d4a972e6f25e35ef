#pragma once

#include "agents/teams/patterns/graph_shape.h"

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::agents {

/// One run of a node: which of its runs it is, and which runs of others it comes after.
struct Firing {
  std::string node;
  int visit = 1;
  std::vector<std::string> after;  ///< "NODE.VISIT" of each; "" for the beginning of the graph
  bool joins = false;              ///< it may come after several, so that what it comes after has to be kept

  std::string key() const;
};

/// Where a graph is: tokens wait at nodes, and the nodes that run. A node with one way to it runs once for
/// each token. One with several takes all that wait at it, once nobody is at work or waits that it waits for
/// (GraphShape::waits_for). When all wait for each other, the one farthest from the start goes first: that is
/// inside of the loops that the others begin. Pure.
class GraphTokens {
 public:
  explicit GraphTokens(const GraphShape& shape) : shape_(shape) {}

  /// A token from that run of a node ("": the beginning) to a node.
  void put(const std::string& node, std::string from);
  /// That node does not run any more; its tokens have been put.
  void ended(const std::string& node) { running_.erase(node); }

  /// What a run of a node by that key came after in an earlier process; nothing when it did not begin.
  using Earlier = std::function<std::optional<std::vector<std::string>>(const std::string& key)>;
  /// Takes the tokens of the nodes that are to run now, which then run. One whose run began in an earlier
  /// process comes after the same again, whatever has come to it meanwhile.
  std::vector<Firing> begin(const Earlier& earlier);

  int visits(const std::string& node) const;

 private:
  using Waiting = std::deque<std::string>;
  std::optional<Firing> try_begin(const std::string& node, Waiting& waiting, const Earlier& earlier);
  bool is_free(const std::string& node) const;
  Firing take(const std::string& node, Waiting& waiting, std::vector<std::string> after);
  std::optional<Firing> break_up();

  const GraphShape& shape_;
  std::map<std::string, Waiting> waiting_;
  std::set<std::string> running_;
  std::map<std::string, int> visits_;
};

}  // namespace troupe::agents
