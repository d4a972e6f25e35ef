#include "agents/teams/blackboard.h"

#include "agents/teams/limits.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

TEST_CASE("values have versions, and who wrote them") {
  Blackboard board;
  CHECK(board.find("plan") == nullptr);
  CHECK(board.write("plan", "first", "a", "k1") == 1);
  CHECK(board.write("plan", Json{{"n", 2}}, "", "k2") == 2);
  REQUIRE(board.find("plan"));
  CHECK(board.find("plan")->value == Json{{"n", 2}});
  CHECK(board.find("plan")->version == 2);
  CHECK(board.find("plan")->by.empty());
  CHECK(board.all().size() == 1);
}

TEST_CASE("who writes over what he did not read is told what is there") {
  Blackboard board;
  CHECK(board.write("plan", 1, "a", "k1", 0) == 1);
  const auto late = board.write("plan", 2, "b", "k2", 0);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::conflict);
  CHECK(late.error().message.contains("at version 1 by a"));
  CHECK(board.write("plan", 2, "b", "k3", 1) == 2);
  CHECK(board.write("other", 2, "b", "k4", 7).error().code == ErrorCode::conflict);
  CHECK(board.find("other") == nullptr);
}

TEST_CASE("the same key is the write it was") {
  int kept = 0;
  Blackboard board([&](const BoardWrite&) { ++kept; });
  CHECK(board.write("plan", 1, "a", "k1") == 1);
  CHECK(board.write("plan", 2, "a", "k2") == 2);
  CHECK(board.write("plan", 1, "a", "k1", 0) == 1);
  CHECK(board.find("plan")->value == 2);
  CHECK(kept == 2);
}

TEST_CASE("what was kept is recalled in another process") {
  std::vector<Json> records;
  Blackboard board([&](const BoardWrite& write) { records.push_back(to_json(write)); });
  CHECK(board.write("a", 1, "x", "k1"));
  CHECK(board.write("b", {1, 2}, "", "k2"));
  CHECK(board.write("a", "new", "y", "k3", 1));
  int kept = 0;
  Blackboard again([&](const BoardWrite&) { ++kept; });
  for (const Json& record : records) {
    auto write = board_write_from(*parse_json(dump(record)));
    REQUIRE(write);
    again.recall(std::move(*write));
  }
  CHECK(kept == 0);
  CHECK(again.find("a")->value == "new");
  CHECK(again.find("a")->version == 2);
  CHECK(again.find("a")->by == "y");
  CHECK(again.write("a", "new", "y", "k3", 1) == 2);
  CHECK(again.write("a", "newer", "y", "k4") == 3);
}

TEST_CASE("what is kept is on disk before anybody sees it") {
  Blackboard* seen = nullptr;
  Blackboard board([&](const BoardWrite& write) { CHECK(seen->find(write.name) == nullptr); });
  seen = &board;
  CHECK(board.write("a", 1, "x", "k1"));
}

TEST_CASE("names, values and their number are limited") {
  Blackboard board;
  for (const char* name : {"", "1a", "a b", "a/b", "../a"})
    CHECK(board.write(name, 1, "x", std::string("bad") + name).error().code == ErrorCode::invalid);
  CHECK(board.write("big", std::string(limits::kBoardValueBytes, 'x'), "x", "k").error().code ==
        ErrorCode::too_large);
  for (std::size_t i = 0; i < limits::kBoardValues; ++i)
    CHECK(board.write("v" + std::to_string(i), 1, "x", "k" + std::to_string(i)));
  CHECK(board.write("more", 1, "x", "kmore").error().code == ErrorCode::too_large);
  CHECK(board.write("v0", 2, "x", "kagain") == 2);
}

TEST_CASE("a record that is none is an error, not a value") {
  for (const char* text : {"{}", "[]", "null", R"({"name":"a","version":1})", R"({"name":"a","value":1})",
                           R"({"name":"a","value":1,"version":"1"})", R"({"name":"a","value":1,"version":0})",
                           R"({"name":"","value":1,"version":1})"})
    CHECK(board_write_from(*parse_json(text)).error().code == ErrorCode::store);
}
