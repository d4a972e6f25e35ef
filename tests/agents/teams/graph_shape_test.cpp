#include "agents/teams/patterns/graph_shape.h"

#include "agents/teams/patterns/graph_tokens.h"

#include <algorithm>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

TeamSettings graph(std::vector<std::pair<std::string, std::string>> edges, std::string start = "") {
  TeamSettings settings{.name = "g", .start = std::move(start)};
  for (auto& [from, to] : edges) {
    for (const std::string& name : {from, to})
      if (name != kGraphEnd) settings.nodes[name] = {.name = name, .run = name};
    settings.edges.push_back({.from = from, .to = to});
  }
  return settings;
}

std::vector<std::string> begun(GraphTokens& tokens) {
  std::vector<std::string> keys;
  for (const Firing& firing : tokens.begin([](const std::string&) { return std::nullopt; })) {
    std::string key = firing.key();
    for (const std::string& after : firing.after) key += " " + after;
    keys.push_back(key);
  }
  return keys;
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("a graph begins where it is said, else where no edge leads") {
  CHECK(GraphShape(graph({{"z", "a"}, {"a", "end"}})).start() == "z");
  CHECK(GraphShape(graph({{"z", "a"}, {"a", "z"}}, "z")).start() == "z");
  CHECK(GraphShape(graph({{"z", "a"}, {"a", "z"}})).start() == "a");
  CHECK(GraphShape(graph({{"z", "z"}, {"z", "a"}})).start() == "z");
}

TEST_CASE("edges to where it came from lead back, and the others give an order") {
  const auto settings =
      graph({{"draft", "review"}, {"review", "draft"}, {"review", "print"}, {"print", "print"}}, "draft");
  const GraphShape shape(settings);
  CHECK_FALSE(shape.leads_back(0));
  CHECK(shape.leads_back(1));
  CHECK_FALSE(shape.leads_back(2));
  CHECK(shape.leads_back(3));
  CHECK(shape.place("draft") < shape.place("review"));
  CHECK(shape.place("review") < shape.place("print"));
  CHECK(shape.arriving("draft") == 2);
  CHECK(shape.arriving("review") == 1);
}

TEST_CASE("a join waits for the branches before it, however long they are") {
  const auto settings = graph({{"s", "a"}, {"s", "b"}, {"a", "a2"}, {"a2", "j"}, {"b", "j"}, {"j", "end"}});
  const GraphShape shape(settings);
  CHECK(shape.waits_for("j", "a"));
  CHECK(shape.waits_for("j", "b"));
  CHECK(shape.waits_for("j", "s"));
  CHECK_FALSE(shape.waits_for("a", "b"));
  CHECK_FALSE(shape.waits_for("s", "j"));
}

TEST_CASE("where a loop begins all that its turn has at work is waited for, but not the other way round") {
  const auto settings = graph(
      {{"hub", "a"}, {"hub", "b"}, {"a", "ra"}, {"ra", "a"}, {"ra", "hub"}, {"b", "hub"}, {"hub", "end"}},
      "hub");
  const GraphShape shape(settings);
  CHECK(shape.waits_for("hub", "a"));
  CHECK(shape.waits_for("hub", "b"));
  CHECK(shape.waits_for("a", "ra"));
  CHECK_FALSE(shape.waits_for("a", "b"));
}

TEST_CASE("tokens that meet run a node once, and those that come later run it again") {
  const auto settings = graph({{"s", "a"}, {"s", "b"}, {"a", "j"}, {"b", "j"}, {"j", "end"}});
  const GraphShape shape(settings);
  GraphTokens tokens(shape);
  tokens.put("s", "");
  CHECK(begun(tokens) == Keys{"s.1 "});
  tokens.put("a", "s.1");
  tokens.put("b", "s.1");
  tokens.ended("s");
  CHECK(begun(tokens) == Keys{"a.1 s.1", "b.1 s.1"});
  tokens.put("j", "b.1");
  tokens.ended("b");
  CHECK(begun(tokens).empty());
  tokens.put("j", "a.1");
  tokens.ended("a");
  CHECK(begun(tokens) == Keys{"j.1 a.1 b.1"});
  tokens.ended("j");
  CHECK(begun(tokens).empty());
}

TEST_CASE("a join goes on without a branch that went elsewhere") {
  const auto settings = graph({{"s", "a"}, {"s", "b"}, {"a", "j"}, {"b", "j"}, {"b", "x"}, {"j", "end"}});
  const GraphShape shape(settings);
  GraphTokens tokens(shape);
  tokens.put("j", "a.1");
  tokens.put("b", "s.1");
  CHECK(begun(tokens) == Keys{"b.1 s.1"});
  tokens.put("x", "b.1");
  tokens.ended("b");
  CHECK(begun(tokens) == Keys{"j.1 a.1", "x.1 b.1"});
}

TEST_CASE("a node with one way to it runs once for each token, one after another") {
  const auto settings = graph({{"s", "a"}, {"a", "end"}, {"s", "s"}}, "s");
  const GraphShape shape(settings);
  GraphTokens tokens(shape);
  tokens.put("a", "s.1");
  tokens.put("a", "s.2");
  CHECK(begun(tokens) == Keys{"a.1 s.1"});
  CHECK(begun(tokens).empty());
  tokens.ended("a");
  CHECK(begun(tokens) == Keys{"a.2 s.2"});
}

TEST_CASE("of nodes that wait for each other the one inside of the loop goes first") {
  const auto settings =
      graph({{"hub", "a"}, {"hub", "b"}, {"a", "j"}, {"b", "j"}, {"a", "hub"}, {"j", "hub"}}, "hub");
  const GraphShape shape(settings);
  GraphTokens tokens(shape);
  tokens.put("hub", "a.1");
  tokens.put("j", "b.1");
  CHECK(begun(tokens) == Keys{"j.1 b.1"});
  tokens.put("hub", "j.1");
  tokens.ended("j");
  CHECK(begun(tokens) == Keys{"hub.1 a.1 j.1"});
}

TEST_CASE("a run that began in an earlier process comes after the same again") {
  const auto settings = graph({{"s", "a"}, {"s", "b"}, {"a", "j"}, {"b", "j"}, {"j", "end"}});
  const GraphShape shape(settings);
  GraphTokens tokens(shape);
  const auto earlier = [](const std::string& key) -> std::optional<std::vector<std::string>> {
    if (key == "j.1") return std::vector<std::string>{"b.1"};
    return std::nullopt;
  };
  tokens.put("a", "s.1");
  CHECK(tokens.begin(earlier).size() == 1);
  tokens.put("j", "a.1");
  CHECK(tokens.begin(earlier).empty());
  tokens.put("j", "b.1");
  auto again = tokens.begin(earlier);
  REQUIRE(again.size() == 1);
  CHECK(again[0].after == Keys{"b.1"});
  tokens.ended("j");
  tokens.ended("a");
  again = tokens.begin(earlier);
  REQUIRE(again.size() == 1);
  CHECK(again[0].key() == "j.2");
  CHECK(again[0].after == Keys{"a.1"});
}
