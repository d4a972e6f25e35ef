#include "memory/conversation/memory.h"

#include "tests/memory/conversation/caller.h"
#include "tests/memory/conversation/long_conversation.h"

#include <map>

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::testing;

namespace {

/// A text's vector: which of some words it has.
class WordEmbedder final : public models::Embedder {
 public:
  Task<Result<models::Vectors>> embed(std::vector<std::string> texts, CallContext&) override {
    ++calls;
    embedded += texts.size();
    if (failing) co_return fail(ErrorCode::network, "no route");
    models::Vectors vectors{.dimensions = 3};
    for (const std::string& text : texts)
      for (const char* word : {"ship", "cake", "cat"})
        vectors.values.push_back(text.contains(word) ? 1.F : 0.F);
    co_return vectors;
  }
  const std::string& name() const override { return name_; }
  std::size_t dimensions() const override { return 3; }
  models::EmbedderLimits limits() const override { return {}; }

  int calls = 0;
  std::size_t embedded = 0;
  bool failing = false;

 private:
  std::string name_ = "words";
};

/// Two messages for each run.
class FixedSteps final : public StepSource {
 public:
  Task<Result<std::map<std::string, std::vector<models::Message>>>> steps(
      std::vector<std::string> runs) override {
    std::map<std::string, std::vector<models::Message>> all;
    for (const std::string& run : runs)
      all[run] = {{.role = models::Role::assistant, .tool_calls = {{run, "clock", "{}"}}},
                  {.role = models::Role::tool, .content = "noon", .tool_call_id = run}};
    co_return all;
  }
};

struct VectorSession : Session {
  WordEmbedder embedder;
  TurnVectorsInMemory vectors;
  MemorySettings settings = of_type("vector");

  VectorSession() { settings.k = 1; }
  std::unique_ptr<Memory> memory() {
    MemoryServices needed = services();
    needed.embedder = &embedder;
    needed.vectors = &vectors;
    return made(settings, std::move(needed));
  }
};

}  // namespace

TEST_CASE("no memory recalls nothing, a buffer all, a window the last turns") {
  Session session;
  for (int i = 0; i < 200; ++i) session.say("q" + std::to_string(i), "a");
  MemorySettings window = of_type("window");
  window.turns = 2;

  CHECK(session.recall(*made(of_type("none"), session.services()))->what.messages.empty());
  CHECK(session.recall(*made(of_type("buffer"), session.services()))->what.messages.size() == 400);
  const auto recalled = session.recall(*made(window, session.services()));
  REQUIRE(recalled->what.messages.size() == 4);
  CHECK(recalled->what.messages[0].content == "q198");
  CHECK(dump(recalled->record) == R"({"turns":[{"from":"r199","to":"r200"}]})");
}

TEST_CASE("a token buffer reads as much of a session as it can recall") {
  Session session;
  for (int i = 0; i < 300; ++i) session.say("q" + std::to_string(i), "a");
  MemorySettings settings = of_type("token_buffer");
  settings.max_tokens = 2'000;
  auto memory = made(settings, session.services());

  auto recalled = session.recall(*memory);

  REQUIRE(recalled);
  CHECK(recalled->what.size <= 2'000);
  CHECK(recalled->what.messages.size() > 256);  // more than a first page has
  CHECK(recalled->what.messages.back().content == "a");
  auto again = session.again(*memory, recalled->record);
  REQUIRE(again);
  CHECK(words_of(*again) == words_of(recalled->what));
}

TEST_CASE("a new session recalls nothing with any memory") {
  VectorSession session;
  for (const char* type :
       {"none", "buffer", "window", "token_buffer", "summary", "summary_buffer", "vector"}) {
    CAPTURE(type);
    session.settings = of_type(type);
    auto memory = session.memory();
    auto recalled = session.recall(*memory);
    REQUIRE(recalled);
    CHECK(recalled->what.messages.empty());
    CHECK(session.settle(*memory));
    CHECK(session.again(*memory, recalled->record)->messages.empty());
  }
  CHECK(session.embedder.calls == 0);
}

TEST_CASE("the turns that are most like the message are recalled with the last two, in their order") {
  VectorSession session;
  session.say("when does the ship leave", "at 9:40");
  session.say("a cake, please", "here it is");
  session.say("my cat is old", "how old");
  session.say("hello", "hi");
  session.say("bye", "bye");

  auto recalled = session.recall(*session.memory(), "which cake was it?");

  REQUIRE(recalled);
  CHECK(
      words_of(recalled->what) ==
      "user: a cake, please\nassistant: here it is\nuser: hello\nassistant: hi\nuser: bye\nassistant: bye\n");
  CHECK(words_of(*session.again(*session.memory(), recalled->record)) == words_of(recalled->what));
}

TEST_CASE("each turn is embedded once, by whichever call comes first") {
  VectorSession session;
  for (int i = 0; i < 6; ++i) {
    session.say("ship " + std::to_string(i), "a");
    REQUIRE(session.settle(*session.memory()));
  }
  CHECK(session.embedder.embedded == 6);
  REQUIRE(session.recall(*session.memory(), "ship?"));
  CHECK(session.embedder.embedded == 7);  // the message

  session.vectors = TurnVectorsInMemory();  // as after a restart
  REQUIRE(session.recall(*session.memory(), "ship?"));
  CHECK(session.embedder.embedded == 12);  // four earlier turns, and the message
  REQUIRE(session.recall(*session.memory(), "ship?"));
  CHECK(session.embedder.embedded == 13);
}

TEST_CASE("an embedder that fails leaves the last turns, told") {
  VectorSession session;
  for (int i = 0; i < 9; ++i) session.say("ship " + std::to_string(i), "a");
  session.embedder.failing = true;

  auto recalled = session.recall(*session.memory(), "ship?");

  REQUIRE(recalled);
  CHECK(recalled->what.messages.size() == 6);
  CHECK(session.events.count("memory_degraded") == 1);
  CHECK(session.settle(*session.memory()));
  CHECK(session.events.count("memory_degraded") == 2);
}

TEST_CASE("a blank message is like nothing: the last turns are recalled and nobody is asked") {
  VectorSession session;
  for (int i = 0; i < 9; ++i) session.say("ship " + std::to_string(i), "a");

  CHECK(session.recall(*session.memory(), " \n")->what.messages.size() == 6);
  CHECK(session.embedder.calls == 0);
}

TEST_CASE("tool steps stand between a message and its answer, where they are wanted") {
  Session session;
  FixedSteps steps;
  MemorySettings settings = of_type("window");
  settings.steps = true;
  CHECK_FALSE(make_memory(settings, session.services()));
  MemoryServices services = session.services();
  services.steps = &steps;
  for (int i = 0; i < 80; ++i) session.say("time?", "noon");
  settings.type = "buffer";
  auto memory = made(settings, services);

  auto recalled = session.recall(*memory);

  REQUIRE(recalled);
  CHECK(recalled->what.messages.size() == kStepTurns * 4);
  CHECK(recalled->what.messages[1].tool_calls[0].id == recalled->what.messages[2].tool_call_id);
  CHECK(words_of(*session.again(*memory, recalled->record)) == words_of(recalled->what));
}

TEST_CASE("what a memory needs and does not have is said when it is made") {
  Session session;
  for (const char* type : {"summary", "summary_buffer", "vector"}) {
    auto memory = make_memory(of_type(type), {.journal = session.journal});
    REQUIRE_FALSE(memory);
    CHECK(memory.error().code == ErrorCode::unavailable);
    CHECK(memory.error().message.contains(type));
  }
  auto unknown = make_memory(of_type("bufer"), {.journal = session.journal});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message.contains("did you mean `buffer`?"));
}

TEST_CASE("vectors in memory are bounded, and those not used for the longest go first") {
  Session session;
  TurnVectorsInMemory vectors(3 * (400 + 200));
  const TurnVectors::Vector one(100, 1.F);
  REQUIRE(fakes::run(session.loop, vectors.keep("e", {{"r1", one}, {"r2", one}, {"r3", one}})));
  CHECK_FALSE(fakes::run(session.loop, vectors.find("e", {"r1"}))->front().empty());
  REQUIRE(fakes::run(session.loop, vectors.keep("e", {{"r4", one}, {"r4", one}})));

  const auto found = fakes::run(session.loop, vectors.find("e", {"r1", "r2", "r3", "r4"}));
  REQUIRE(found);
  CHECK_FALSE((*found)[0].empty());
  CHECK((*found)[1].empty());
  CHECK_FALSE((*found)[3].empty());
  CHECK(vectors.bytes() <= 1'800);
  CHECK(fakes::run(session.loop, vectors.find("another", {"r4"}))->front().empty());
}
