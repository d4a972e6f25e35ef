#include "models/governor/fair_queue.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe::models;

namespace {

std::vector<std::string> rest(FairQueue<std::string>& queue) {
  std::vector<std::string> order;
  while (!queue.empty()) order.push_back(queue.pop());
  return order;
}

}  // namespace

TEST_CASE("one tenant's many calls let another's one pass after the next") {
  FairQueue<std::string> queue;
  for (int i = 0; i < 50; ++i) queue.push("A", "r", "a" + std::to_string(i));
  queue.push("B", "s", "b");
  CHECK(queue.size() == 51);
  CHECK(queue.pop() == "a0");
  CHECK(queue.pop() == "b");
  CHECK(queue.pop() == "a1");
}

TEST_CASE("the runs of a tenant are served in turn, and a run in its own order") {
  FairQueue<std::string> queue;
  for (const char* item : {"x1", "x2", "x3"}) queue.push("A", "x", item);
  for (const char* item : {"y1", "y2"}) queue.push("A", "y", item);
  queue.push("B", "z", "z1");
  CHECK(rest(queue) == std::vector<std::string>{"x1", "z1", "y1", "x2", "y2", "x3"});
}

TEST_CASE("who comes back after being served stands behind those who wait") {
  FairQueue<std::string> queue;
  queue.push("A", "r", "a1");
  queue.push("B", "s", "b1");
  CHECK(queue.pop() == "a1");
  queue.push("A", "r", "a2");
  CHECK(queue.pop() == "b1");
  CHECK(queue.pop() == "a2");
  CHECK(queue.empty());
}

TEST_CASE("whoever leaves leaves nothing behind, and nobody loses their turn by it") {
  FairQueue<std::string> queue;
  queue.push("A", "r", "a1");
  queue.push("A", "q", "a2");
  queue.push("B", "s", "b1");
  CHECK(queue.remove("A", "r", "a1"));
  CHECK_FALSE(queue.remove("A", "r", "a1"));
  CHECK_FALSE(queue.remove("C", "r", "a1"));
  CHECK_FALSE(queue.remove("B", "r", "b1"));
  CHECK(queue.front() == "a2");
  CHECK(queue.all().size() == 2);
  CHECK(queue.remove("B", "s", "b1"));
  CHECK(rest(queue) == std::vector<std::string>{"a2"});
  CHECK(queue.size() == 0);
}
