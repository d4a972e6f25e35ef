#include "agents/runs/observation_store.h"

#include "agents/limits.h"
#include "tests/agents/world.h"
#include "tests/fakes/memory_journal.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

// Every character stands for its place: 1, 2, 3 and 4 bytes long in turn.
std::string mixed(int characters) {
  std::string text;
  for (int i = 0; i < characters; ++i)
    text += std::array{"a", "é", "한", "🎭"}[static_cast<std::size_t>(i % 4)];
  return text;
}

bool whole_characters(std::string_view text) {
  return dump(Json(text)).find("\xEF\xBF\xBD") == std::string::npos;
}

const std::string kLook = R"({"thought":"t","action":"look","action_input":{"x":1}})";

std::string read_more(const std::string& cursor, std::size_t offset) {
  return R"({"thought":"t","action":"read_more","action_input":{"cursor":")" + cursor + R"(","offset":)" +
         std::to_string(offset) + "}}";
}

}  // namespace

TEST_CASE("pages of any size put together are the whole, and none cuts a character") {
  const std::string whole = mixed(200);
  for (std::size_t size = 1; size < 40; ++size) {
    std::string read;
    std::size_t offset = 0;
    int pages = 0;
    do {
      const OutputPage page = page_of(whole, offset, size);
      REQUIRE_FALSE(page.text.empty());
      CHECK(whole_characters(page.text));
      CHECK(page.offset == read.size());
      read += page.text;
      offset = page.next;
      REQUIRE(++pages < 1'000);
    } while (offset != 0);
    CHECK(read == whole);
  }
}

TEST_CASE("an offset in the middle of a character begins at that character") {
  const std::string text = "a🎭b";
  for (std::size_t offset : {1u, 2u, 3u, 4u}) CHECK(page_of(text, offset, 4).text == "🎭");
  CHECK(page_of(text, 5, 10).text == "b");
  CHECK(page_of(text, 99, 10).text.empty());
  CHECK(page_of("", 0, 10).next == 0);
}

TEST_CASE("bytes that are no UTF-8 are paged through all the same") {
  const std::string junk(100, '\x80');
  std::string read;
  std::size_t offset = 0;
  do {
    const OutputPage page = page_of(junk, offset, 7);
    REQUIRE_FALSE(page.text.empty());
    read += page.text;
    offset = page.next;
  } while (offset != 0 && read.size() <= junk.size());
  CHECK(read.size() == junk.size());
}

TEST_CASE("what is kept is bounded, and a wrong cursor or offset is told") {
  SystemClock clock;
  Loop loop(clock);
  fakes::MemoryJournal journal(loop);
  ObservationStore store(journal, 100);
  CHECK(store.empty());
  CHECK_FALSE(store.check({{"cursor", "c_1"}}));

  std::size_t kept = 0;
  for (int i = 0; i < 20; ++i) {
    auto one =
        fakes::run(loop, store.keep("c_" + std::to_string(i), std::string(limits::kStoredOutput, 'x')));
    REQUIRE(one);
    kept += one->has_value();
  }
  CHECK(kept == limits::kStoredOutputs / limits::kStoredOutput);
  CHECK(store.check({{"cursor", "c_0"}, {"offset", 5}})->offset == 5);
  CHECK(store.check({{"cursor", "c_0"}})->offset == 100);
  CHECK(store.check({{"cursor", "nope"}}).error().code == ErrorCode::not_found);
  CHECK(store.check({{"cursor", "c_0"}, {"offset", limits::kStoredOutput}}).error().code ==
        ErrorCode::invalid);
  CHECK(store.check({{"cursor", "c_0"}, {"offset", -1}}).error().code == ErrorCode::invalid);
  CHECK(store.check({{"offset", 1}}).error().code == ErrorCode::invalid);
}

TEST_CASE("an agent pages through an output that was too long, also after a restart") {
  const std::string whole = mixed(400);  // 1000 bytes
  auto model = says({kLook, ScriptedModel::Hang{}});
  World world(model, {}, {.observation = 300});
  world.tool = std::make_shared<fakes::TestTool>(
      "look", tools::Effect::pure, [&](const tools::ToolInput&) { return tools::ToolOutput{whole, {}}; });
  world.close();
  world.open();
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return model->calls() == 2; });

  auto heard = parse_json(model->heard()[1]);
  REQUIRE(heard);
  std::string read = (*heard)["observation"]["output"];
  CHECK(read.size() <= 300);
  CHECK(whole.starts_with(read));
  CHECK((*heard)["observation"]["note"].get<std::string>().contains("read_more"));
  CHECK(world.last("observation")["truncated"] == true);
  CHECK(world.last("observation")["bytes"] == whole.size());

  world.close();
  world.frames.clear();
  world.open();
  world.watch(session);
  std::size_t offset = read.size();
  while (offset < whole.size()) {
    const OutputPage page = page_of(whole, offset, 300);
    model->say(read_more("c_1", offset));
    offset += page.text.size();
  }
  model->say(kAnswer);
  world.resume();
  world.finished(run->run);

  for (std::size_t i = 3; i < model->heard().size(); ++i) {
    auto page = parse_json(model->heard()[i]);
    REQUIRE(page);
    REQUIRE((*page)["observation"]["ok"] == true);
    read += (*page)["observation"]["output"].get<std::string>();
  }
  CHECK(read == whole);
  CHECK(world.tool->keys.size() == 1);
  CHECK(world.last("run.finished")["status"] == "done");
}

TEST_CASE("without anything to read on in, read_more is an unknown tool") {
  auto model = says({read_more("c_1", 0), kAnswer});
  World world(model);
  world.resume();
  auto run = world.submit(world.session(), "q");
  world.finished(run->run);
  CHECK(model->heard()[1].contains("there is no tool `read_more`"));
}
