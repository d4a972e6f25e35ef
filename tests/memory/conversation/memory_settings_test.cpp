#include "memory/conversation/settings.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe::memory;

namespace {

std::string first_problem(const MemorySettings& settings, std::vector<std::string> given = {}) {
  const auto problems = check_memory(settings, given);
  return problems.empty() ? "" : problems.front().key + ": " + problems.front().message;
}

MemorySettings complete(std::string type) {
  MemorySettings settings;
  settings.type = std::move(type);
  if (settings.type == "facts") settings.blocks = {{.label = "user"}};
  return settings;
}

}  // namespace

TEST_CASE("every type is well with its own keys and nothing else written down") {
  for (std::string_view type : memory_types()) {
    std::vector<std::string> given{"type"};
    for (std::string_view key : memory_keys(type)) given.emplace_back(key);
    CAPTURE(type);
    CHECK(first_problem(complete(std::string(type)), given) == "");
  }
}

TEST_CASE("a key of another type is told with the types it belongs to, an unknown one with the nearest") {
  CHECK(first_problem(complete("window"), {"k"}) ==
        "k: `k` does not belong to memory type `window`: it is a key of vector; `window` has: turns, steps");
  CHECK(first_problem(complete("summary"), {"max_token"}) ==
        "max_token: unknown key `max_token`; did you mean `max_tokens`?; `summary` has: max_tokens, model, "
        "steps");
  CHECK(first_problem(complete("none"), {"turns"}) ==
        "turns: `turns` does not belong to memory type `none`: it is a key of window, facts; `none` has no "
        "keys");
}

TEST_CASE("an unknown type is told with the nearest") {
  CHECK(first_problem(complete("sumary"))
            .starts_with(
                "type: there is no memory type `sumary`; did you mean `summary`?; known: none, buffer, "));
  CHECK(memory_keys("sumary").empty());
}

TEST_CASE("values are held to their ranges, those of other types are not looked at") {
  MemorySettings settings = complete("token_buffer");
  settings.max_tokens = 10;
  settings.turns = -4;
  CHECK(first_problem(settings) == "max_tokens: `max_tokens` is 10; it must be from 200 to 200000");

  settings = complete("window");
  settings.turns = 0;
  CHECK(first_problem(settings).starts_with("turns: `turns` is 0"));

  settings = complete("vector");
  settings.k = 51;
  CHECK(first_problem(settings).starts_with("k: `k` is 51"));
}

TEST_CASE("blocks are checked one by one, all at once") {
  MemorySettings settings = complete("facts");
  settings.blocks.clear();
  CHECK(first_problem(settings).starts_with("blocks: memory type `facts` needs `blocks`"));

  settings.blocks = {{.label = "user"},
                     {.label = "user"},
                     {.label = "a b"},
                     {.label = "c", .limit = 0},
                     {.label = "d", .value = "four", .limit = 3}};
  CHECK(check_memory(settings).size() == 4);

  settings.blocks.assign(kBlocksMax + 1, {.label = "x"});
  CHECK(first_problem(settings).starts_with("blocks: 33 blocks; there may be 32"));
}
