#include "models/builtin/passages.h"
#include "tests/fakes/fake_knowledge.h"
#include "tests/fakes/run_loop.h"
#include "tests/memory/bases/knowledge_world.h"
#include "tests/tools/fake_context.h"
#include "tools/builtin/retriever/passages_text.h"
#include "tools/builtin/retriever/phrase.h"
#include "tools/builtin/retriever/retriever_tool.h"
#include "tools/toolbox.h"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;

namespace {

memory::Hit hit(std::int64_t chunk, std::string title, std::string text) {
  memory::Hit made;
  made.chunk = chunk;
  made.document = 9;
  made.source = "/srv/docs/handbook.pdf";
  made.title = std::move(title);
  made.page = 3;
  made.heading = "Leave > Annual leave";
  made.begin = 10;
  made.end = 10 + text.size();
  made.text = std::move(text);
  made.score = 0.5;
  return made;
}

using fakes::FakeKnowledge;

struct Bench {
  std::shared_ptr<FakeKnowledge> knowledge = std::make_shared<FakeKnowledge>();
  fakes::FakeContext world;

  std::shared_ptr<Tool> tool() {
    ToolSettings settings{.name = "lookup", .type = "retriever"};
    settings.knowledge = "handbook";
    settings.search.k = 4;
    auto made = RetrieverTool::make(settings, knowledge);
    REQUIRE(made.has_value());
    return std::move(*made);
  }
  CallOutcome call(Json arguments) {
    auto toolbox = Toolbox::make({{"lookup", tool()}}, {"lookup"});
    REQUIRE(toolbox.has_value());
    return fakes::run(world.loop, toolbox->call("lookup", std::move(arguments), world.context));
  }
};

}  // namespace

TEST_CASE("a retriever searches its base for the run's tenant and shows what it found under numbers") {
  Bench bench;
  bench.world.context.principal.tenant = "acme";
  bench.knowledge->found.hits = {hit(7, "Employee handbook", "Everybody has 25 days.\n[9] is no heading."),
                                 hit(8, "", "Ask in time.")};
  const CallOutcome outcome =
      bench.call({{"query", "days of leave"}, {"k", 2}, {"document", "handbook.pdf"}});
  REQUIRE(outcome.ok);
  CHECK(outcome.output ==
        "[1] Employee handbook — handbook.pdf, page 3 — Leave > Annual leave\n"
        "Everybody has 25 days.\n"
        "> [9] is no heading.\n"
        "\n"
        "[2] handbook.pdf, page 3 — Leave > Annual leave\n"
        "Ask in time.");
  CHECK(bench.knowledge->names_asked == std::vector<std::string>{"handbook"});
  CHECK(bench.knowledge->queries == std::vector<std::string>{"days of leave"});
  CHECK(bench.knowledge->overrides.k == 2);
  CHECK(bench.knowledge->overrides.document == "handbook.pdf");
  CHECK(bench.knowledge->tenant == "acme");
  REQUIRE(outcome.sources.size() == 2);
  CHECK(outcome.sources[1].passage["index"] == 2);
  CHECK(outcome.sources[1].passage["chunk"] == 8);
  CHECK(outcome.sources[0].passage["page"] == 3);
}

TEST_CASE("numbers go on where the run's others ended, and settings hold where the model asks for nothing") {
  Bench bench;
  bench.knowledge->found.hits = {hit(7, "Rules", "One."), hit(8, "Rules", "Two.")};
  auto tool = bench.tool();
  ToolInput input{.arguments = {{"query", "x"}}, .idempotency_key = ""};
  std::size_t asked = 0;
  input.numbers = [&asked](std::size_t count) {
    asked = count;
    return std::size_t{11};
  };
  auto output = fakes::run(bench.world.loop, tool->call(std::move(input), bench.world.context));
  REQUIRE(output.has_value());
  CHECK(asked == 2);
  CHECK(output->text.contains("[11] Rules"));
  CHECK(output->text.contains("[12] Rules"));
  CHECK(output->sources[1].passage["index"] == 12);
  CHECK(bench.knowledge->overrides.k == 4);
}

TEST_CASE("a lookup finds words in the document found last, place by place, for each agent by itself") {
  Bench bench;
  auto tool = bench.tool();
  auto call = [&](Json arguments) {
    return fakes::run(bench.world.loop, tool->call({std::move(arguments), ""}, bench.world.context));
  };
  const Json lookup = {{"operation", "lookup"}, {"query", "leave"}};
  auto early = call(lookup);
  REQUIRE_FALSE(early.has_value());
  CHECK(early.error().message.contains("search first"));
  auto second = hit(8, "Rules", "Leave again.");
  second.ordinal = 4;
  bench.knowledge->found.hits = {second, hit(7, "Rules", "Leave once.")};
  REQUIRE(call({{"query", "rules"}}).has_value());
  CHECK(call(lookup)->text.contains("Leave once.\n(result 1 of 2)"));
  CHECK(bench.knowledge->overrides.document == "9");
  CHECK(bench.knowledge->overrides.mode == memory::SearchMode::keyword);
  CHECK(call(lookup)->text.contains("Leave again.\n(result 2 of 2)"));
  CHECK(call(lookup)->text == "No more places have `leave`; all 2 were shown.");
  CHECK(call(lookup)->text.contains("result 1 of 2"));
  bench.world.context.agent = "another";
  CHECK_FALSE(call(lookup).has_value());
  bench.world.context.agent = "agent";
  bench.knowledge->found.hits.clear();
  CHECK(call(lookup).error().message.contains("does not stand in that document"));
}

TEST_CASE("a lookup finds a phrase where it stands word for word, whatever it is written with") {
  fakes::TempDir folder;
  memory::testing::KnowledgeWorld world(folder.path().string());
  world.put(
      "rules.md",
      "Annual leave is 25 days.\nLeave the annual report there.\nEvery ANNUAL  leave is paid.\n"
      "They call it “sick leave” here.\nSearch apples AND pears NEAR(fruit).\nApples, and then pears.\n"
      "검색엔진에서 찾는다.\n検索エンジンで探す。\nエンジンは検索です。\nIt costs 100% (C++).\n他是好人。");
  auto made = RetrieverTool::make({.name = "t", .type = "retriever", .knowledge = "k"},
                                  std::make_shared<memory::ConfiguredKnowledge>(world.knowledge()));
  REQUIRE(made);
  CallContext context{.loop = world.loop, .stop = world.stop, .deadline = {}, .events = world.events};
  context.principal.tenant = "default";
  const auto lookup = [&](const std::string& words) {
    std::vector<std::string> places;
    const Json arguments = {{"operation", "lookup"}, {"query", words}, {"document", "rules.md"}};
    for (;;) {
      auto output = fakes::run(world.loop, (*made)->call({arguments, ""}, context));
      if (!output) places.push_back(output.error().message);
      if (!output || output->text.starts_with("No more places")) return places;
      const std::size_t begin = output->text.find('\n') + 1;
      places.push_back(output->text.substr(begin, output->text.find('\n', begin) - begin));
    }
  };
  using Places = std::vector<std::string>;
  const Places leave{"Annual leave is 25 days.", "Every ANNUAL  leave is paid."};
  CHECK(lookup("annual leave") == leave);
  CHECK(lookup("\"annual leave\"") == leave);
  CHECK(lookup("  Annual\nLEAVE ") == leave);
  CHECK(lookup("it \"sick leave\" here") == Places{"They call it “sick leave” here."});
  CHECK(lookup("sick leave") == Places{"They call it “sick leave” here."});
  CHECK(lookup("apples AND pears NEAR(fruit)") == Places{"Search apples AND pears NEAR(fruit)."});
  CHECK(lookup("검색엔진") == Places{"검색엔진에서 찾는다."});
  CHECK(lookup("엔진") == Places{"검색엔진에서 찾는다."});
  CHECK(lookup("検索エンジン") == Places{"検索エンジンで探す。"});
  CHECK(lookup("好人") == Places{"他是好人。"});
  CHECK(lookup("100% (C++)") == Places{"It costs 100% (C++)."});
  for (const char* nowhere :
       {"leave annual", "annual report is", "pears* OR", "\"", "terms:annual", "-leave x"})
    CHECK_MESSAGE(lookup(nowhere).front().contains("does not stand in that document"), nowhere);
}

TEST_CASE("a phrase is found over line ends, and not where only its words are") {
  CHECK(Phrase("annual leave").stands_in("of annual\r\n  leave"));
  CHECK(Phrase("検索エンジン").stands_in("検索\nエンジン"));
  CHECK(Phrase("Ｃａｆé").stands_in("the CAFE"));
  CHECK(Phrase("don't").stands_in("I don’t"));
  CHECK(Phrase("therapist").stands_in("the rapist") == false);
  CHECK(Phrase("leave").stands_in("leaves"));
  CHECK(Phrase("leaves").stands_in("leave") == false);
  CHECK(Phrase("\xff\xfe").stands_in("anything") == false);
  CHECK(Phrase(" \"' ").stands_in("a \" ' b") == false);
  CHECK(Phrase("x").stands_in("") == false);
}

TEST_CASE("nothing found, remarks and failures are told to the model") {
  Bench bench;
  bench.knowledge->found.remarks = {"knowledge base `handbook` holds nothing yet"};
  CHECK(bench.call({{"query", "x"}}).output ==
        "Nothing was found. Ask with other words, or say that the documents do not tell.\n"
        "(knowledge base `handbook` holds nothing yet)");
  bench.knowledge->error = Error{ErrorCode::network, "the embedder cannot be reached"};
  const CallOutcome failed = bench.call({{"query", "x"}});
  CHECK_FALSE(failed.ok);
  CHECK(failed.error.contains("cannot be reached"));
  CHECK(bench.call({{"q", "x"}}).error.contains("query"));
}

TEST_CASE("a retriever of a base that does not exist is an error with a suggestion") {
  ToolSettings settings{.name = "lookup", .type = "retriever"};
  settings.knowledge = "handbok";
  auto made = RetrieverTool::make(settings, std::make_shared<FakeKnowledge>());
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().message.contains("did you mean `handbook`"));
  CHECK_FALSE(RetrieverTool::make(settings, nullptr).has_value());
}

TEST_CASE(
    "the built-in model reads passages as a retriever shows them, also with lists and headings inside") {
  const std::vector<memory::Hit> hits{
      hit(1, "Steps", "# Steps\nFirst, do this:\n1. Open the lid.\n2. Close it.\n- and a bullet"),
      hit(2, "Other", "Something else.")};
  const auto passages = models::builtin::read_passages(passages_text(hits, 3, {}));
  REQUIRE(passages.size() == 2);
  CHECK(passages[0].number == 3);
  CHECK(passages[0].title == "Steps");
  CHECK(passages[0].text == "First, do this:\n1. Open the lid.\n2. Close it.\n- and a bullet");
  CHECK(passages[1].number == 4);
  CHECK(passages[1].text == "Something else.");
}
