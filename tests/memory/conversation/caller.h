#pragma once

#include "memory/conversation/memory.h"
#include "tests/fakes/memory_journal.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/scripted_model.h"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::memory::testing {

/// Keeps what a call reports.
class RecordingEvents final : public EventSink {
 public:
  void publish(Event event) override { events.push_back(std::move(event)); }
  std::size_t count(std::string_view code) const {
    std::size_t found = 0;
    for (const Event& event : events) found += string_or(event.fields, "code") == code;
    return found;
  }
  std::vector<Event> events;
};

/// The prompt as it is built in.
inline prompts::Prompt summary_prompt() {
  auto all = prompts::PromptSet::load("");
  REQUIRE(all.has_value());
  const prompts::Prompt* prompt = all->find("summary");
  REQUIRE(prompt != nullptr);
  return *prompt;
}

/// One session of one agent, in a journal of its own on somebody's loop.
struct Conversation {
  explicit Conversation(Loop& on) : here(on) {}

  Loop& here;
  Stop stop;
  RecordingEvents events;
  fakes::MemoryJournal journal{here};
  int runs = 0;

  CallContext context() {
    return {.loop = here, .stop = stop, .deadline = {}, .events = events, .session = "s1", .agent = "a"};
  }

  store::RunRow say(std::string input, std::string answer) {
    store::RunRow row{.id = "r" + std::to_string(++runs), .session = "s1", .agent = "a"};
    row.input = std::move(input);
    row.answer = std::move(answer);
    row.status = "done";
    row.finished_ms = runs;
    return keep(row);
  }
  store::RunRow keep(store::RunRow row) {
    store::Append append;
    append.run = row;
    REQUIRE(fakes::run(here, journal.commit(std::move(append))));
    return row;
  }
  Result<Recalled> recall(Memory& memory, std::string message = "and now?") {
    auto call = context();
    return fakes::run(here, memory.recall(std::move(message), call));
  }
  Result<Recollection> again(Memory& memory, Json record) {
    auto call = context();
    return fakes::run(here, memory.recall_again(std::move(record), call));
  }
  Result<> settle(Memory& memory) {
    auto call = context();
    return fakes::run(here, memory.settle(call));
  }
  std::vector<Frame> frames() { return *fakes::run(here, journal.read_events("s1", 0, 1'000)); }
};

struct OwnLoop {
  SystemClock clock;
  Loop loop{clock};
};

/// The same on a loop of its own, with who summarises.
struct Session : OwnLoop, Conversation {
  Session() : Conversation(loop) {}

  fakes::ScriptedModel model;
  prompts::Prompt prompt = summary_prompt();

  MemoryServices services() { return {.journal = journal, .model = &model, .prompt = &prompt}; }
};

inline std::unique_ptr<Memory> made(const MemorySettings& settings, MemoryServices services) {
  auto memory = make_memory(settings, std::move(services));
  REQUIRE_MESSAGE(memory.has_value(), memory.error().message);
  return std::move(*memory);
}

inline MemorySettings of_type(std::string type) {
  MemorySettings settings;
  settings.type = std::move(type);
  return settings;
}

inline std::string words_of(const Recollection& what) {
  std::string all;
  for (const models::Message& message : what.messages)
    all += std::string(word(message.role)) + ": " + message.content + "\n";
  return all;
}

}  // namespace troupe::memory::testing
