#include "agents/teams/blackboard.h"
#include "agents/teams/patterns/conditions.h"
#include "agents/teams/patterns/factories.h"
#include "agents/teams/patterns/failure.h"
#include "agents/teams/patterns/graph_nodes.h"
#include "agents/teams/patterns/graph_shape.h"
#include "agents/teams/patterns/graph_tokens.h"
#include "agents/teams/patterns/join.h"
#include "runtime/async/nursery.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

/// One run of a graph: nodes run as tokens come to them, and send tokens along every edge that applies. What
/// depends on which of two was first is decided once: what a node with several ways to it comes after, and
/// which edges with conditions are taken.
class GraphRun {
 public:
  GraphRun(const TeamSettings& settings, TeamTask task, Crew& crew, Loop& loop, Stop& stop)
      : settings_(settings),
        crew_(crew),
        shape_(settings),
        tokens_(shape_),
        nodes_(settings, std::move(task), crew, loop),
        times_(settings.edges.size()),
        stop_(stop),
        together_(stop),
        nursery_(loop) {}

  Task<Teamed<TeamAnswer>> run() {
    tokens_.put(shape_.start(), "");
    begin();
    co_await nursery_.join();
    if (stop_.requested()) co_return std::unexpected(team_cancelled());
    if (end_) co_return std::unexpected(std::move(*end_));
    if (last_.empty())
      co_return std::unexpected(TeamEnd{
          .status = "failed", .reason = "internal", .detail = "the graph stood still before its end"});
    co_return answer();
  }

 private:
  void begin() {
    if (together_.requested()) return;
    for (Firing& firing : tokens_.begin([this](const std::string& key) { return earlier(key); })) {
      const std::string key = firing.key() + ".after";
      if (firing.joins && !crew_.decided(key)) crew_.decide(key, firing.after);
      nursery_.spawn("a node of a graph", [this, firing = std::move(firing)] { return visit(firing); });
    }
  }

  Task<> visit(Firing firing) {
    auto output = co_await nodes_.perform(firing, outputs_, together_);
    if (!output) {
      end(std::move(output.error()));
      co_return;
    }
    outputs_[firing.node] = *output;
    if (together_.requested()) co_return;
    auto edges = taken(firing);
    if (!edges) {
      end(std::move(edges.error()));
      co_return;
    }
    if (shape_.leaving(firing.node).empty()) last_[firing.node] = *output;
    for (const std::size_t edge : *edges) {
      ++times_[edge];
      if (settings_.edges[edge].to == kGraphEnd)
        last_[firing.node] = *output;
      else
        tokens_.put(settings_.edges[edge].to, firing.key());
    }
    tokens_.ended(firing.node);
    begin();
  }

  void end(TeamEnd end) {
    if (!end_) end_ = std::move(end);  // those that come later only were stopped
    together_.request(StopReason::cancelled);
  }

  Teamed<std::vector<std::size_t>> taken(const Firing& firing) {
    const auto& leaving = shape_.leaving(firing.node);
    const std::string key = firing.key() + ".edges";
    if (const auto known = numbers(key)) return *known;
    std::vector<std::size_t> edges;
    std::string looked_at;
    bool conditions = false;
    // Those that are taken where no other is come last.
    std::vector<std::size_t> in_turn;
    for (const bool otherwise : {false, true})
      for (const std::size_t number : leaving)
        if (settings_.edges[number].otherwise == otherwise) in_turn.push_back(number);
    for (const std::size_t number : in_turn) {
      const EdgeSettings& edge = settings_.edges[number];
      if (edge.otherwise && !edges.empty()) break;
      const int most = edge.most > 0 ? edge.most : limits::kGraphEdgeTimes;
      conditions = conditions || edge.when || edge.otherwise;
      EdgeVerdict judged{.applies = true, .told = "always"};
      if (times_[number] >= most)
        judged = {false, fmt::format("taken {} times, the most it may be", most)};
      else if (edge.when)
        judged = judge(*edge.when, firing.node, outputs_, crew_.board());
      if (judged.applies) edges.push_back(number);
      looked_at += fmt::format("; to `{}`: {}", edge.to, judged.told);
    }
    if (edges.empty() && !leaving.empty())
      return std::unexpected(TeamEnd{.status = "failed",
                                     .reason = "no_edge",
                                     .detail = fmt::format("teams.{}: no edge applies after `{}`{}",
                                                           settings_.name, firing.key(), looked_at)});
    if (conditions) crew_.decide(key, edges);
    return edges;
  }

  std::optional<std::vector<std::size_t>> numbers(const std::string& key) const {
    const auto known = crew_.decided(key);
    if (!known || !known->is_array()) return std::nullopt;
    std::vector<std::size_t> numbers;
    for (const Json& number : *known)
      if (number.is_number_unsigned() && number.get<std::size_t>() < settings_.edges.size())
        numbers.push_back(number.get<std::size_t>());
    return numbers;
  }

  std::optional<std::vector<std::string>> earlier(const std::string& key) const {
    const auto known = crew_.decided(key + ".after");
    if (!known || !known->is_array()) return std::nullopt;
    std::vector<std::string> after;
    for (const Json& run : *known)
      if (run.is_string()) after.push_back(run.get<std::string>());
    return after;
  }

  // Of several last nodes in the order of the graph, not of time.
  TeamAnswer answer() const {
    std::vector<NamedReply> replies;
    for (const auto& [name, output] : last_)
      replies.emplace_back(name,
                           Reply{.text = output.text, .data = output.data, .citations = output.citations});
    std::ranges::sort(replies, {}, [this](const NamedReply& given) { return shape_.place(given.first); });
    return concatenated(replies);
  }

  const TeamSettings& settings_;
  Crew& crew_;
  const GraphShape shape_;
  GraphTokens tokens_;
  GraphNodes nodes_;
  NodeOutputs outputs_;
  std::vector<int> times_;  // by edge
  NodeOutputs last_;        // of those that led to the end
  std::optional<TeamEnd> end_;
  Stop& stop_;
  Stop together_;
  Nursery nursery_;
};

class Graph final : public Pattern {
 public:
  explicit Graph(const TeamSettings& settings) : settings_(settings) {}

  Task<Teamed<TeamAnswer>> run(TeamTask task, Crew& crew, Loop& loop, Stop& stop) override {
    GraphRun graph(settings_, std::move(task), crew, loop, stop);
    co_return co_await graph.run();
  }

 private:
  const TeamSettings& settings_;
};

}  // namespace

std::unique_ptr<Pattern> make_graph(const TeamSettings& settings) {
  return std::make_unique<Graph>(settings);
}

}  // namespace troupe::agents
