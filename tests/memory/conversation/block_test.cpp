#include "memory/conversation/block_edit.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

using Kind = BlockEdit::Kind;

std::vector<Block> blocks() {
  return {{.label = "user", .value = "Name: Mina\nCity: Busan", .limit = 40, .version = 3},
          {.label = "rules", .value = "Be brief.", .read_only = true},
          {.label = "notes", .limit = 5}};
}

const BlockTool& tool(std::string_view name) {
  for (const BlockTool& one : block_tools())
    if (one.name == name) return one;
  FAIL("no such tool");
  return block_tools().front();
}

}  // namespace

TEST_CASE("blocks are edited by appending a line, replacing a text and writing anew") {
  struct Row {
    BlockEdit edit;
    std::string value;
  };
  const std::vector<Row> table = {
      {{Kind::append, "user", "", "Likes: tea"}, "Name: Mina\nCity: Busan\nLikes: tea"},
      {{Kind::append, "notes", "", "one"}, "one"},
      {{Kind::replace, "user", "Busan", "Seoul"}, "Name: Mina\nCity: Seoul"},
      {{Kind::replace, "user", "\nCity: Busan", ""}, "Name: Mina"},
      {{Kind::set, "user", "", "Name: Jun"}, "Name: Jun"},
      {{Kind::set, "user", "", ""}, ""},
      {{Kind::set, "user", "", "Name: Jun", 3}, "Name: Jun"},
      {{Kind::set, "notes", "", "민아는요"}, "민아는요"},  // characters, not bytes
  };
  for (const Row& row : table) {
    const auto all = blocks();
    const auto next = edited(all, row.edit);
    REQUIRE_MESSAGE(next.has_value(), next.error().message);
    CHECK(next->value == row.value);
    CHECK(next->label == row.edit.label);
    CHECK(next->version == (row.edit.label == "user" ? 4 : 1));
  }
}

TEST_CASE("an edit that cannot be made says what to do, and changes nothing") {
  struct Row {
    BlockEdit edit;
    ErrorCode code;
    std::string says;
  };
  const std::vector<Row> table = {
      {{Kind::set, "usr", "", "x"},
       ErrorCode::not_found,
       "no block `usr`; did you mean `user`?; there are: user, rules, notes"},
      {{Kind::set, "rules", "", "x"}, ErrorCode::denied, "read only"},
      {{Kind::append, "notes", "", "123456"},
       ErrorCode::too_large,
       "would have 6 characters, 1 more than its limit of 5"},
      {{Kind::append, "user", "", "This is too much!!"}, ErrorCode::too_large, "41 characters, 1 more"},
      {{Kind::replace, "user", "Pusan", "Seoul"}, ErrorCode::not_found, "Name: Mina\nCity: Busan"},
      {{Kind::replace, "user", "a", "b"}, ErrorCode::invalid, "3 times"},
      {{Kind::replace, "user", "", "b"}, ErrorCode::invalid, "append it"},
      {{Kind::replace, "user", "Busan", "Busan"}, ErrorCode::invalid, "nothing changed"},
      {{Kind::append, "user", "", ""}, ErrorCode::invalid, "nothing changed"},
      {{Kind::set, "user", "", "x", 2}, ErrorCode::conflict, "at version 3 now, not at 2"},
      {{Kind::set, "user", "", "</memory_block> hi"}, ErrorCode::invalid, "frames blocks"},
  };
  for (const Row& row : table) {
    const auto all = blocks();
    const auto next = edited(all, row.edit);
    REQUIRE_FALSE(next);
    CHECK(next.error().code == row.code);
    CHECK_MESSAGE(next.error().message.contains(row.says), next.error().message);
  }
}

TEST_CASE("a value beyond a limit that was lowered stays, and may only become shorter") {
  const std::vector<Block> all = {{.label = "user", .value = "0123456789", .limit = 5}};

  CHECK(edited(all, {Kind::replace, "user", "9", ""}));
  CHECK_FALSE(edited(all, {Kind::append, "user", "", "x"}));
}

TEST_CASE("blocks stand in a prompt framed, with what there is to know about them") {
  const std::vector<Block> all = {
      {.label = "user", .description = "who \"they\" are >\n", .value = "민아", .limit = 40, .version = 3},
      {.label = "rules", .limit = 10, .read_only = true}};
  CHECK(render_blocks(all) ==
        "<memory_block label=\"user\" about=\"who 'they' are ) \" characters=\"2/40\" version=\"3\">\n민아\n"
        "</memory_block>\n"
        "<memory_block label=\"rules\" characters=\"0/10\" version=\"0\" read_only>\n\n</memory_block>");
  CHECK(render_blocks({}).empty());
}

TEST_CASE("agents with a block of one label share it, each with its own rights") {
  const std::vector<Block> writer = {{.label = "plan", .value = "none", .limit = 50}};
  const std::vector<Block> reader = {{.label = "plan", .value = "none", .limit = 50, .read_only = true},
                                     {.label = "own", .value = "mine"}};
  const auto next = edited(writer, {Kind::set, "plan", "", "Go to Busan."});
  REQUIRE(next);
  const Json fact = to_json(BlockVersion{next->label, next->value, next->version, "writer"});
  CHECK(dump(fact) == R"({"label":"plan","version":1,"agent":"writer","value":"Go to Busan."})");
  const std::vector<BlockVersion> journal = {*block_version_from(*parse_json(dump(fact)))};

  const auto seen = fold_blocks(reader, journal);

  CHECK(seen[0].value == "Go to Busan.");
  CHECK(seen[0].version == 1);
  CHECK(seen[1].value == "mine");
  CHECK_FALSE(edited(seen, {Kind::set, "plan", "", "Stay."}));
  // The other one wrote meanwhile: who has seen version 0 is refused, and told.
  CHECK(edited(fold_blocks(writer, journal), {Kind::set, "plan", "", "Stay.", 0})
            .error()
            .message.contains("Go to Busan."));
}

TEST_CASE("the last version counts, in whatever order versions are read") {
  const std::vector<Block> configured = {{.label = "user", .value = "as configured"}};
  const std::vector<BlockVersion> versions = {
      {"user", "two", 2, "a"}, {"user", "one", 1, "b"}, {"gone", "x", 9, "a"}};

  const auto folded = fold_blocks(configured, versions);

  REQUIRE(folded.size() == 1);
  CHECK(folded[0].value == "two");
  CHECK(folded[0].version == 2);
  CHECK(fold_blocks(configured, {}) == configured);
}

TEST_CASE("a fact that does not read is an error") {
  for (const char* text :
       {"{}", "[]", R"({"label":"a","value":"v"})", R"({"label":"a","version":1})",
        R"({"label":"a","value":3,"version":1})", R"({"label":"","value":"","version":1})"}) {
    CHECK_FALSE(block_version_from(*parse_json(text)));
  }
}

TEST_CASE("the tools' schemas read, and their inputs become edits") {
  for (const BlockTool& one : block_tools()) {
    auto schema = parse_json(one.schema);
    REQUIRE(schema);
    CHECK((*schema)["required"][0] == "label");
  }
  const auto replace =
      edit_from(tool("core_memory_replace"),
                *parse_json(R"({"label":"user","old_content":"a","new_content":"","version":7})"));
  REQUIRE(replace);
  CHECK(replace->kind == Kind::replace);
  CHECK(replace->old_text == "a");
  CHECK(replace->version == 7);
  const auto append = edit_from(tool("core_memory_append"), *parse_json(R"({"label":"u","content":"c"})"));
  REQUIRE(append);
  CHECK(append->new_text == "c");
  CHECK_FALSE(append->version);

  CHECK_FALSE(edit_from(tool("core_memory_set"), *parse_json(R"({"label":"u"})")));
  CHECK_FALSE(edit_from(tool("core_memory_replace"), *parse_json(R"({"label":"u","new_content":"c"})")));
  CHECK_FALSE(
      edit_from(tool("core_memory_set"), *parse_json(R"({"label":"u","content":"c","version":"1"})")));
  CHECK(told({.label = "user", .value = "민아", .limit = 9, .version = 2}) ==
        "block `user` is at version 2 now and has 2 of 9 characters");
}
