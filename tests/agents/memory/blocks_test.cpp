#include "tests/agents/witness.h"

#include <algorithm>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

World::More with(std::vector<memory::BlockSettings> blocks) {
  World::More more;
  more.agent.memory = {.type = "facts", .blocks = std::move(blocks)};
  return more;
}

const std::string kAppend =
    R"({"thought":"t","action":"core_memory_append","action_input":{"label":"human","content":"Her name is Mina."}})";
const std::string kPersona =
    R"({"thought":"t","action":"core_memory_append","action_input":{"label":"persona","content":"x"}})";

std::size_t versions(World& world, const std::string& session) {
  return fakes::run(world.loop, world.journal->session_facts(session, "memory.block"))->size();
}

}  // namespace

TEST_CASE(
    "what an agent writes into a block stands in its prompt from the next run on, after a restart too") {
  Witness witness;
  World world(witness.model({kAppend, kAnswer, kAnswer, kAnswer}), {}, {},
              with({{.label = "human", .description = "who the user is"}}));
  world.resume();
  const std::string session = world.session();
  for (const char* text : {"I am Mina", "who am I?"}) world.finished(world.submit(session, text)->run);
  REQUIRE(witness.requests.size() == 3);
  CHECK(witness.requests[0].front().content.contains("who the user is"));
  CHECK(witness.requests[0].front().content.contains("core_memory_append"));
  CHECK_FALSE(witness.requests[1].front().content.contains("Mina"));  // a prompt stays as it was
  CHECK(witness.requests[2].front().content.contains("Her name is Mina."));
  CHECK(world.last("observation").is_null() == false);
  CHECK(world.last("observation")["ok"] == true);

  world.close();
  world.open();
  world.watch(session);
  world.resume();
  world.finished(world.submit(session, "and now?")->run);
  CHECK(witness.requests.back().front().content.contains("Her name is Mina."));
  const auto rows = fakes::run(world.loop, world.journal->list_runs("", session, 1));
  check_same(requests_of(world, session, rows->front().id).back().messages, witness.requests.back());
}

TEST_CASE("another conversation has its own blocks") {
  Witness witness;
  World world(witness.model({kAppend, kAnswer, kAnswer}), {}, {}, with({{.label = "human"}}));
  world.resume();
  world.finished(world.submit(world.session(), "I am Mina")->run);
  world.finished(world.submit(world.session(), "who am I?")->run);
  CHECK_FALSE(witness.requests.back().front().content.contains("Mina"));
}

TEST_CASE("a block that is read only is refused, and the agent is told so") {
  Witness witness;
  World world(witness.model({kPersona, kAnswer}), {}, {},
              with({{.label = "human"}, {.label = "persona", .value = "I am kind.", .read_only = true}}));
  world.resume();
  const std::string session = world.session();
  world.finished(world.submit(session, "q")->run);
  CHECK(world.last("observation")["ok"] == false);
  CHECK(string_or(world.last("observation"), "error").contains("read"));
  CHECK(versions(world, session) == 0);
}

TEST_CASE("an agent that may edit none of its blocks has no tools for it") {
  Witness witness;
  World world(witness.model({kAnswer}), {}, {},
              with({{.label = "persona", .value = "I am kind.", .read_only = true}}));
  world.resume();
  world.finished(world.submit(world.session(), "q")->run);
  CHECK(witness.requests[0].front().content.contains("I am kind."));
  CHECK_FALSE(witness.requests[0].front().content.contains("core_memory_append"));
}

TEST_CASE("agents share a block by its label, each version counts one, and a call is made once") {
  Witness witness;
  World world(witness.model({}), {}, {}, with({{.label = "human"}}));
  world.resume();
  const std::string session = world.session();
  BlockJournal blocks(world.loop, *world.journal);
  const std::vector<memory::Block> one{*memory::make_block({.label = "human"})};
  const std::vector<memory::Block> other{*memory::make_block({.label = "human", .limit = 500}),
                                         *memory::make_block({.label = "plan"})};
  store::Append begun;
  world.forged = true;
  begun.run = store::RunRow{.id = "r_1", .session = session, .agent = "a", .created_ms = 1, .finished_ms = 2};
  REQUIRE(fakes::run(world.loop, world.journal->commit(begun)));
  begun.run->id = "r_2";
  begun.run->agent = "b";
  REQUIRE(fakes::run(world.loop, world.journal->commit(begun)));
  auto append = [&](std::string run, std::string key, std::string text) {
    return fakes::run(
        world.loop,
        blocks.edit({.session = session, .run = run, .agent = "a", .step = 1, .key = key}, one,
                    {.kind = memory::BlockEdit::Kind::append, .label = "human", .new_text = text}));
  };
  REQUIRE(append("r_1", "k1", "Mina"));
  CHECK(append("r_1", "k1", "Mina")->version == 1);  // the attempt after a crash
  CHECK(append("r_2", "k2", "from Seoul")->version == 2);
  const auto seen = fakes::run(world.loop, blocks.read(session, other));
  REQUIRE(seen);
  CHECK((*seen)[0].value.contains("Mina"));
  CHECK((*seen)[0].value.contains("from Seoul"));
  CHECK((*seen)[0].version == 2);
  CHECK((*seen)[1].version == 0);
  CHECK((*fakes::run(world.loop, blocks.read(session, other, "r_2")))[0].version == 1);
  CHECK(versions(world, session) == 2);
}

TEST_CASE("edits of one step come one after the other") {
  Witness witness;
  const std::string both =
      R"({"thought":"t","actions":[{"tool":"core_memory_append","input":{"label":"human","content":"one"}},)"
      R"({"tool":"core_memory_append","input":{"label":"human","content":"two"}}]})";
  World world(witness.model({both, kAnswer, kAnswer}), {}, {}, with({{.label = "human"}}));
  world.resume();
  const std::string session = world.session();
  world.finished(world.submit(session, "q")->run);
  world.finished(world.submit(session, "q")->run);
  CHECK(witness.requests.back().front().content.contains("one"));
  CHECK(witness.requests.back().front().content.contains("two"));
  CHECK(versions(world, session) == 2);
}
