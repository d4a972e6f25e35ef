#include "plugins/plugin_memory.h"
#include "tests/memory/conversation/caller.h"
#include "tests/plugins/adopted.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::plugins;
using memory::testing::words_of;

namespace {

/// A plugin of memories, and one conversation.
class Remembering : public Adopted, public memory::testing::Conversation {
 public:
  explicit Remembering(const std::string& library = TROUPE_MEMORY_PLUGIN)
      : Adopted(library), Conversation(loop) {}

  std::unique_ptr<memory::Memory> memory(Json options, std::string type = "plugin/p/scripted",
                                         std::int64_t max_tokens = 2000) {
    const memory::MemorySettings settings{
        .type = std::move(type), .max_tokens = max_tokens, .options = std::move(options)};
    auto found = make_plugin_memory(settings, table);
    REQUIRE_MESSAGE(found, (found ? "" : found.error().message));
    return memory::testing::made(settings, {.journal = journal, .outside = found->get()});
  }
  /// What is recalled by a memory that answers so.
  memory::Recollection chosen(const std::string& answer, std::int64_t max_tokens = 2000) {
    auto recalled = Conversation::recall(*memory({{"recall", answer}}, "plugin/p/scripted", max_tokens));
    REQUIRE(recalled);
    return std::move(recalled->what);
  }
  void settle_with(const std::string& answer) { REQUIRE(settle(*memory({{"settle", answer}}))); }
  std::string warning() const {
    return events.events.empty() ? "" : string_or(events.events.back().fields, "text");
  }
  Json compacted() {
    for (const Frame& frame : frames())
      if (frame.type == "memory.compacted") last_ = *parse_json(*frame.text);
    return last_;
  }

 private:
  Json last_;
};

void talk(Remembering& world) {
  for (const char* word : {"one", "two", "three", "four", "five"})
    world.say(fmt::format("say {}", word), fmt::format("it is {}", word));
}

}  // namespace

TEST_CASE("a plugin's memory chooses which turns are shown, and they are shown in their order") {
  Remembering world;
  talk(world);
  CHECK(words_of(world.chosen(R"({"turns": [3, 0]})")) ==
        "user: say one\nassistant: it is one\nuser: say four\nassistant: it is four\n");
  CHECK(world.chosen(R"({"turns": []})").messages.empty());
  CHECK(world.chosen(R"({"turns": []})").older == 5);
  CHECK(world.events.count("memory_degraded") == 0);
}

TEST_CASE("it is told the message, the turns, its options and how much may be recalled") {
  Remembering world;
  world.say("hello", "good day");
  store::RunRow failed{.id = "r9", .session = "s1", .agent = "a"};
  failed.input = "are you \"there\"?";
  failed.status = "failed";
  failed.finished_ms = 9;
  world.keep(failed);
  const auto recalled =
      world.recall(*world.memory({{"recall", "tell"}}, "plugin/p/scripted", 500), "and \u00e9?");
  REQUIRE(recalled);
  const std::string told = world.warning();
  CHECK_MESSAGE(told.contains("plugin p"), told);
  CHECK(told.contains("memory `scripted`"));
  const auto input = parse_json(std::string_view(told).substr(told.find('{')));
  REQUIRE_MESSAGE(input, told);
  CHECK((*input)["do"] == "recall");
  CHECK((*input)["message"] == "and \u00e9?");
  CHECK((*input)["max_tokens"] == 500);
  CHECK((*input)["options"] == Json{{"recall", "tell"}});
  CHECK_FALSE(input->contains("notes"));
  REQUIRE((*input)["turns"].size() == 2);
  CHECK((*input)["turns"][0] == Json{{"user", "hello"}, {"assistant", "good day"}});
  CHECK(string_or((*input)["turns"][1], "user").contains("was not answered"));
  CHECK_FALSE((*input)["turns"][1].contains("assistant"));
}

TEST_CASE("where there is nothing to choose from and nothing to note, it is not asked") {
  Remembering world;
  CHECK(world.chosen("crash").messages.empty());
  world.settle_with("crash");
  CHECK(world.events.events.empty());
}

TEST_CASE(
    "what was named first is shown where not all of it fits, and what is too large alone is shortened") {
  Remembering world;
  const std::string filler(300, 'x');
  for (int i = 0; i < 6; ++i) world.say(fmt::format("question {} {}", i, filler), "yes");
  const std::string all = R"({"turns": [2, 4, 0, 1, 3, 5]})";
  const auto some = world.chosen(all, 200);
  CHECK(some.size <= 200);
  CHECK(some.older > 0);
  CHECK(words_of(some).contains("question 2"));
  CHECK(world.chosen(all).older == 0);

  world.say("long " + std::string(40'000, 'y'), "done " + std::string(40'000, 'z'));
  world.say("and short?", "yes");
  const auto cut = world.chosen(R"({"turns": [6, 7]})", 300);
  CHECK(cut.size <= 300);
  CHECK(cut.cut == 1);
  CHECK(words_of(cut).contains("characters left out"));
  CHECK(words_of(cut).contains("and short?"));
}

TEST_CASE("notes are kept with the session, shown, and given back with the turns that came since") {
  Remembering world;
  talk(world);
  world.settle_with(R"({"notes": "They counted to three.", "turns": 3})");
  const Json event = world.compacted();
  CHECK(event["dropped"] == 3);
  CHECK(event["kept"] == 2);
  CHECK(event["summary"] == "They counted to three.");

  const auto shown = world.chosen(R"({"turns": [1]})");
  CHECK(words_of(shown).contains("They counted to three."));
  CHECK(words_of(shown).contains("say five"));
  CHECK_FALSE(words_of(shown).contains("say four"));
  CHECK(words_of(world.chosen(R"({"turns": [0], "notes": false})")) ==
        "user: say four\nassistant: it is four\n");
  const auto hidden = world.chosen(R"({"turns": [], "notes": false})");
  CHECK(hidden.messages.empty());
  CHECK(hidden.older == 5);

  // Without a run in between there is nothing new to note; after one it is given what the notes do not have.
  world.settle_with(R"({"notes": "Otherwise.", "turns": 0})");
  CHECK(world.compacted()["summary"] == "They counted to three.");
  world.say("say six", "it is six");
  world.settle_with("note input");
  const auto given = parse_json(string_or(world.compacted(), "summary"));
  REQUIRE(given);
  CHECK((*given)["do"] == "settle");
  CHECK((*given)["notes"] == "They counted to three.");
  CHECK((*given)["turns"].size() == 3);
  CHECK((*given)["turns"][0]["user"] == "say four");
  CHECK_FALSE(given->contains("message"));
  CHECK(world.events.events.empty());
}

TEST_CASE("notes may be on no turn: all turns are given again, with the notes") {
  Remembering world;
  talk(world);
  world.settle_with(R"({"notes": "Mina", "turns": 0})");
  CHECK(world.compacted()["dropped"] == 0);
  const std::string shown = words_of(world.chosen(R"({"turns": [0]})"));
  CHECK(shown.contains("Mina"));
  CHECK(shown.contains("say one"));
  world.say("say six", "it is six");
  world.settle_with(R"({"notes": "Mina, six", "turns": 6})");
  CHECK(world.compacted()["dropped"] == 6);
  CHECK(words_of(world.chosen(R"({"turns": []})")).contains("Mina, six"));
}

TEST_CASE("an answer that is no choice is told with what is wrong, and the newest turns are recalled") {
  Remembering world;
  talk(world);
  const std::pair<const char*, const char*> answers[] = {
      {"sure", "not valid JSON"},
      {"[]", "it is no object"},
      {"{}", "it has no list `turns`"},
      {R"({"turns": 3})", "it has no list `turns`"},
      {R"({"turns": [5]})", "`turns` has 5, and 5 turns were given"},
      {R"({"turns": [-1]})", "`turns` has -1"},
      {R"({"turns": [1.0]})", "`turns` has 1.0"},
      {R"({"turns": ["1"]})", "`turns` has \"1\""},
      {R"({"turns": [99999999999999999999]})", "turns"},
      {R"({"turns": [2, 4, 2]})", "`turns` has 2 twice"},
      {R"({"turns": [1], "turns": [2]})", "duplicate"},
      {R"({"turns": [1], "notes": "yes"})", "its `notes` is neither true nor false"},
      {"crash", "SIGSEGV"},
      {"leave", "plugin p"},
      {"throw", "no dictionary"},
      {"flood", "plugin p"},
  };
  std::size_t told = 0;
  for (const auto& [answer, words] : answers) {
    CAPTURE(answer);
    const auto what = world.chosen(answer);
    CHECK(what.messages.size() == 10);
    CHECK(world.events.count("memory_degraded") == ++told);
    CHECK_MESSAGE(world.warning().contains(words), world.warning());
    CHECK(world.warning().contains("plugin p"));
    CHECK(world.warning().contains("memory `scripted`"));
  }
}

TEST_CASE("notes that are none are told with what is wrong, nothing is written, and it is asked again") {
  Remembering world;
  talk(world);
  const std::pair<const char*, const char*> answers[] = {
      {"fine", "not valid JSON"},
      {"7", "it is no object"},
      {R"({"turns": 2})", "it has no text `notes`"},
      {R"({"notes": "", "turns": 2})", "it has no text `notes`"},
      {R"({"notes": ["a"], "turns": 2})", "it has no text `notes`"},
      {R"({"notes": "a"})", "it has no number `turns`"},
      {R"({"notes": "a", "turns": -1})", "it has no number `turns`"},
      {R"({"notes": "a", "turns": 6})", "its `turns` is 6, and 5 were given"},
      {"note much", "its `notes` have 65537 bytes, and 65536 are kept"},
      {"crash", "SIGSEGV"},
      {"throw", "no dictionary"},
  };
  std::size_t told = 0;
  for (const auto& [answer, words] : answers) {
    CAPTURE(answer);
    world.settle_with(answer);
    CHECK(world.events.count("memory_degraded") == ++told);
    CHECK_MESSAGE(world.warning().contains(words), world.warning());
    CHECK(world.warning().contains("plugin p"));
    CHECK(world.compacted().is_null());
  }
  world.settle_with("{}");
  CHECK(world.events.count("memory_degraded") == told);
  CHECK(world.compacted().is_null());
  world.settle_with(R"({"notes": "a", "turns": 5})");
  CHECK(world.compacted()["summary"] == "a");
  // What it noted is shown also where it fails.
  CHECK(words_of(world.chosen("crash")).contains("<notes>\na\n</notes>"));
}

TEST_CASE("one that does not answer in its time is done without") {
  Remembering world;
  talk(world);
  auto slow = world.memory(Json::object(), "plugin/p/slow");
  const auto without = world.recall(*slow);
  REQUIRE(without);
  CHECK(without->what.messages.size() == 10);
  CHECK_MESSAGE(world.warning().contains("memory `slow`: plugin p"), world.warning());
  REQUIRE(world.settle(*slow));
  CHECK(world.events.count("memory_degraded") == 2);
}

TEST_CASE("a run that is cancelled does not wait for a memory") {
  for (const bool settles : {false, true}) {
    CAPTURE(settles);
    Remembering world;
    talk(world);
    auto hangs = world.memory({{"recall", "hang"}, {"settle", "hang"}});
    const auto alarm =
        world.loop.at(world.clock.now() + 100ms, [&world] { world.stop.request(StopReason::cancelled); });
    Error error;
    if (settles) {
      const auto ended = world.settle(*hangs);
      REQUIRE_FALSE(ended);
      error = ended.error();
    } else {
      const auto ended = world.recall(*hangs);
      REQUIRE_FALSE(ended);
      error = ended.error();
    }
    CHECK(error.code == ErrorCode::cancelled);
    CHECK(world.events.events.empty());
  }
}

TEST_CASE("what a run was shown is shown again after a restart, whatever the plugin answers then") {
  Remembering world;
  talk(world);
  world.settle_with(R"({"notes": "They counted to three.", "turns": 3})");
  auto before = world.recall(*world.memory({{"recall", R"({"turns": [1]})"}}));
  auto nothing = world.recall(*world.memory({{"recall", R"({"turns": [], "notes": false})"}}));
  REQUIRE(before);
  REQUIRE(nothing);
  world.say("say six", "it is six");
  world.settle_with(R"({"notes": "They counted to six.", "turns": 3})");
  for (const char* now : {R"({"turns": [0]})", "crash"}) {
    CAPTURE(now);
    auto memory = world.memory({{"recall", now}});
    const auto after = world.again(*memory, before->record);
    REQUIRE(after);
    CHECK(words_of(*after) == words_of(before->what));
    const auto still = world.again(*memory, nothing->record);
    REQUIRE(still);
    CHECK(still->messages.empty());
  }
  CHECK(world.events.events.empty());
}

TEST_CASE("of a very long conversation the newest turns are chosen from and the oldest are noted first") {
  std::vector<memory::Turn> turns(20);
  for (std::size_t i = 0; i < turns.size(); ++i)
    turns[i] = {.run = fmt::format("r{}", i),
                .user = {.role = models::Role::user,
                         .content = fmt::format("{} ", i) + std::string(200u << 10, 'x')}};
  turns[3].user.content.append(1u << 20, 'y');
  const GivenTurns newest = newest_given(turns);
  CHECK(newest.count == 10);
  CHECK(newest.first == 10);
  CHECK(string_or(newest.turns[0], "user").starts_with("10 "));
  CHECK(string_or(newest.turns[9], "user").starts_with("19 "));
  const GivenTurns oldest = oldest_given(turns);
  CHECK(oldest.first == 0);
  CHECK(oldest.count < 10);
  CHECK(oldest.turns.size() == oldest.count);
  CHECK(string_or(oldest.turns[3], "user").size() <= kMemoryTurnBytes);
  CHECK(string_or(oldest.turns[3], "user").contains("characters left out"));
  CHECK(newest_given({}).turns == Json::array());
}

TEST_CASE("a memory that no plugin has, or that does not take its options, is an error before any run") {
  Remembering world;
  const auto why = [&world](const std::string& type, Json options = Json::object()) {
    const auto made = make_plugin_memory({.type = type, .options = std::move(options)}, world.table);
    REQUIRE_FALSE(made);
    return made.error().message;
  };
  CHECK(why("plugin/q") == "there is no plugin `q`");
  CHECK(why("plugin/p").contains("say which with `plugin/p/SERVICE`: scripted, slow"));
  CHECK(why("plugin/p/scriptd").contains("has no memory `scriptd`; did you mean `scripted`?"));
  CHECK(
      why("plugin/p/scripted", {{"recal", "x"}}).contains("memory `scripted` of plugin `p`: its `options`"));
  CHECK(why("plugin/p/slow", {{"a", 1}}).contains("takes no `options`"));
  Adopted greet(TROUPE_GREET_PLUGIN);
  const auto none = make_plugin_memory({.type = "plugin/p"}, greet.table);
  REQUIRE_FALSE(none);
  CHECK(none.error().message == "the plugin `p` has no service of kind `memory`");
}

TEST_CASE("the example recalls what shares words with the message, and notes what it is told to remember") {
  Remembering world(TROUPE_KEYWORDS_PLUGIN);
  world.say("Remember that I am Mina. I like ships.", "Noted.");
  world.say("How much is the ferry to Busan?", "42.");
  world.say("What is bread made of?", "Flour.");
  world.say("And cheese?", "Milk.");
  auto example = world.memory({{"most", 1}}, "plugin/p");
  REQUIRE(world.settle(*example));
  CHECK(world.compacted()["summary"] == "- Remember that I am Mina\n");
  const auto recalled = world.recall(*example, "When does the ferry leave?");
  REQUIRE(recalled);
  const std::string words = words_of(recalled->what);
  CHECK_MESSAGE(words.contains("Remember that I am Mina"), words);
  CHECK(words.contains("ferry to Busan"));
  CHECK(words.contains("cheese"));
  CHECK_FALSE(words.contains("I like ships"));
  world.say("Thanks", "Gladly.");
  REQUIRE(world.settle(*example));
  CHECK(world.compacted()["summary"] == "- Remember that I am Mina\n");
  CHECK(world.events.events.empty());
}
