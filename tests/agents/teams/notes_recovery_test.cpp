#include "tests/agents/teams/notes_scene.h"
#include "tests/fakes/memory_journal.h"

#include <map>
#include <memory>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

/// Lets a journal keep nothing more once so many events of a session came.
class Killer final : store::Subscriber {
 public:
  Killer(fakes::MemoryJournal& journal, int events) : journal_(journal), left_(events) {}
  void watch(const std::string& session) { subscription_ = journal_.subscribe(session, *this); }
  void spare() { subscription_.reset(); }

 private:
  void on_frame(const Frame& frame) override {
    if (!frame.is_volatile() && --left_ == 0)
      journal_.write_failure = Error{ErrorCode::store, "the process was killed"};
  }

  fakes::MemoryJournal& journal_;
  int left_;
  std::unique_ptr<store::Journal::Subscription> subscription_;
};

}  // namespace

TEST_CASE("a crash while a turn reads a note: the turn goes on with it, and no other has it") {
  Heard heard;
  bool hang = true;
  TeamWorld world(kNoteAgents, R"(
circle: { pattern: round_robin, members: [researcher, writer], rounds: 2, publish: { researcher: [everybody] } }
)",
                  [&](const std::string& role, const std::string& text) -> Line {
                    heard.add(role, text);
                    if (role == "writer" && hang) return ScriptedModel::Hang{};
                    if (role == "researcher" && text == "Please") return publishes("everybody", "bees");
                    return final_answer(role + " " + std::to_string(heard.of(role)));
                  });
  world.resume();
  const std::string session = world.session("circle");
  auto accepted = world.submit(session, "Please");
  REQUIRE(accepted);
  world.until([&] { return heard.of("writer") == 1; });
  for (int crash = 0; crash < 2; ++crash) {
    world.reopen(session);
    world.until([&] { return heard.of("writer") == static_cast<std::size_t>(2 + crash); });
  }
  hang = false;
  world.reopen(session);
  CHECK(world.finished(accepted->run).at("status") == "done");
  // Three requests of its turn that did not come to anything, the one that did, and its other turn.
  CHECK(heard.of("writer") == 5);
  CHECK(heard.count("writer", "about everybody: bees") == 4);
  CHECK(notes(world).size() == 1);
  CHECK(dead(world).empty());
}

TEST_CASE("a note waits through a crash for the turn that reads it") {
  Heard heard;
  bool hang = true;
  TeamWorld world(kNoteAgents,
                  report("publish: { researcher: [everybody] }\n  tell: { researcher: [editor] }"),
                  [&](const std::string& role, const std::string& text) -> Line {
                    heard.add(role, text);
                    if (role == "researcher" && text.contains("Find out"))
                      return publishes("everybody", "bees");
                    if (role == "researcher" && text.contains("2 members"))
                      return action("tell", {{"to", "editor"}, {"text", "mind"}});
                    if (role == "researcher" && hang) return ScriptedModel::Hang{};
                    return final_answer(role);
                  });
  world.resume();
  const std::string session = world.session("report");
  auto accepted = world.submit(session, "Please");
  REQUIRE(accepted);
  world.until([&] { return heard.of("researcher") == 3; });
  hang = false;
  world.reopen(session);
  CHECK(world.finished(accepted->run).at("status") == "done");
  CHECK(heard.count("writer", "about everybody: bees") == 1);
  CHECK(heard.count("editor", "about everybody: bees\n\nNote of researcher: mind") == 1);
  CHECK(notes(world).size() == 2);
  CHECK(dead(world).empty());
}

TEST_CASE("a note that was sent when the process ended is not sent again by the call that is made again") {
  Heard heard;
  TeamWorld world(kNoteAgents, report("publish: { researcher: [everybody] }\n  limits: { messages: 7 }"),
                  [&](const std::string& role, const std::string& text) -> Line {
                    heard.add(role, text);
                    if (role == "researcher" && text.contains("Find out"))
                      return publishes("everybody", "bees");
                    return final_answer(role);
                  });
  // The journal has the note, and the process ends before the call has come to an observation.
  world.on_event = [&](const Frame& frame) {
    if (frame.type == "message" && parse_json(*frame.text)->at("kind") == "note") world.desk->hurry();
  };
  world.resume();
  const std::string session = world.session("report");
  auto accepted = world.submit(session, "Please");
  REQUIRE(accepted);
  world.until([&] { return notes(world).size() == 1; });
  world.on_event = nullptr;
  CHECK(observed(world, "publish").empty());
  world.reopen(session);
  CHECK(world.finished(accepted->run).at("status") == "done");
  CHECK(observed(world, "publish") ==
        Strings{"2 members will read it at their next turn: `editor` and `writer`."});
  CHECK(notes(world).size() == 1);
  CHECK(heard.count("writer", "bees") == 1);
}

TEST_CASE("what is published after a restart reaches those who subscribe") {
  Heard heard;
  bool hang = true;
  TeamWorld world(kNoteAgents, report("publish: { researcher: [news] }\n  subscriptions: { editor: [news] }"),
                  [&](const std::string& role, const std::string& text) -> Line {
                    heard.add(role, text);
                    if (role == "researcher" && hang) return ScriptedModel::Hang{};
                    if (role == "researcher" && text.contains("Find out")) return publishes("news", "bees");
                    return final_answer(role);
                  });
  world.resume();
  const std::string session = world.session("report");
  auto accepted = world.submit(session, "Please");
  REQUIRE(accepted);
  world.until([&] { return heard.of("researcher") == 1; });
  hang = false;
  world.reopen(session);
  CHECK(world.finished(accepted->run).at("status") == "done");
  CHECK(observed(world, "publish") == Strings{"1 member will read it at its next turn: `editor`."});
  CHECK(heard.count("editor", "bees") == 1);
}

TEST_CASE("wherever a process is killed, each note is sent once and read by one turn of each who has it") {
  TeamWorld world(kNoteAgents, R"(
circle: { pattern: round_robin, members: [researcher, writer, editor], rounds: 2,
          publish: { researcher: [everybody] }, tell: { writer: [editor] } }
)",
                  [&](const std::string& role, const std::string& text) -> Line {
                    if (role == "researcher" && text == "Please") return publishes("everybody", "bees");
                    if (role == "writer" && text.contains("bees"))
                      return action("tell", {{"to", "editor"}, {"text", "wasps"}});
                    return final_answer(role + text.substr(0, 20));
                  });
  const auto catalog = world.catalog();
  int events = 1'000;
  for (int at = 1; at < events; ++at) {
    CAPTURE(at);
    fakes::MemoryJournal journal(world.loop);
    SystemRng rng;
    Killer killer(journal, at);
    std::string run;
    std::string session;
    const auto process = [&](bool first) {
      const auto bus = bus::make_local_bus(world.loop, journal);
      const auto desk = make_run_desk(world.loop, journal, *bus, rng, {}, catalog);
      const auto none = [](std::string) -> Task<Result<std::shared_ptr<const Catalog>>> {
        co_return fail(ErrorCode::not_found, "no other configuration");
      };
      REQUIRE(fakes::run(world.loop, desk->resume(none)));
      if (first) {
        auto opened = fakes::run(world.loop, desk->open_session({"p", "acme"}, "", "circle"));
        REQUIRE(opened);
        session = opened->id;
        killer.watch(session);
        auto accepted = fakes::run(
            world.loop, desk->submit({.principal = {"p", "acme"}, .session = session, .text = "Please"}));
        REQUIRE(accepted);
        run = accepted->run;
      }
      world.until([&] { return desk->status().running == 0; });
      fakes::run(world.loop, desk->drain(0ms));
    };
    process(true);
    if (!journal.write_failure) events = at;  // it was through before
    journal.write_failure.reset();
    killer.spare();
    process(false);

    auto row = fakes::run(world.loop, journal.find_run(run));
    REQUIRE((row && *row));
    CHECK((*row)->status == "done");
    auto frames = fakes::run(world.loop, journal.read_events(session, 0, 1'000));
    REQUIRE(frames);
    std::map<std::string, int> read;
    int sent = 0;
    for (const Frame& frame : *frames) {
      const Json event = *parse_json(*frame.text);
      if (string_or(event, "kind") == "note") ++sent;
      if (frame.type != "run.started") continue;
      for (const char* word : {"bees", "wasps"})
        if (string_or(event, "input").contains(std::string(": ") + word))
          ++read[string_or(event, "agent") + " " + word];
    }
    CHECK(read == std::map<std::string, int>{
                      {"circle/editor bees", 1}, {"circle/editor wasps", 1}, {"circle/writer bees", 1}});
    CHECK(sent == 2);
    auto letters = fakes::run(world.loop, journal.dead_letters("acme", 10));
    REQUIRE(letters);
    CHECK(letters->empty());
  }
  CHECK(events > 30);
}
