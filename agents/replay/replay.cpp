#include "agents/replay/replay.h"

#include "agents/compaction/compacted.h"
#include "agents/forks/copy.h"
#include "agents/replay/answers.h"
#include "agents/replay/limits.h"
#include "agents/replay/rehearsal.h"
#include "agents/runs/fact_fields.h"
#include "agents/runs/turn_record.h"

#include <algorithm>
#include <utility>

namespace troupe::agents {

namespace {

// An answer of nobody who was asked: an imported turn.
bool came_from_a_file(const Recording& recording) {
  bool answered = false;
  for (const store::LogLine& line : recording.lines) {
    answered = answered || line.type == "answer";
    if (!line.is_event() && line.type != kImportedStep) return false;
  }
  return answered && recording.runs.size() == 1;
}

// Before a fork: nobody did here what it copied of the conversation, and the copy has it in another order.
bool is_copy(const Recording& recording) {
  const auto event =
      recording.lines.empty() ? Result<Json>(Json()) : parse_json(recording.lines.front().body);
  return event && flag(*event, kCopied);
}

// "": nothing of it was dropped.
std::string why_compacted(const Recording& recording) {
  const auto said = std::ranges::find_if(recording.lines, [](const store::LogLine& line) {
    return !line.is_event() && line.type == kCompacted;
  });
  if (said == recording.lines.end()) return "";
  const auto body = parse_json(said->body);
  return why_not_any_more(body ? compacted_from(*body) : Compacted{}, "replayed");
}

// "": it can be replayed.
std::string why_not(const Recording& recording, const Answers& answers) {
  if (came_from_a_file(recording))
    return "it came from a file (`troupe sessions import`), nobody ran it here";
  if (is_copy(recording))
    return "it was copied with the conversation before a fork, nobody ran it here; replay it where it ran";
  const bool accepted = !recording.lines.empty() && (recording.lines.front().type == "run.queued" ||
                                                     recording.lines.front().type == "run.started");
  if (!accepted) return "its events are not kept any more";
  return answers.inexact;
}

/// One execution, and what it did otherwise.
struct Rehearsed {
  std::optional<Difference> difference;
  std::size_t moments = 0;
  std::string why;  ///< it could not be executed
};

Result<Rehearsed> rehearse(const Recording& recording, store::StoreReader& reader,
                           const ReplayCatalog& catalog, std::size_t stop_at) {
  auto answers = read_answers(recording);
  if (!answers) return fail(std::move(answers.error()));
  bool made = false;
  const ReplayCatalog noting = [&](ReplayStage stage) {
    auto found = catalog(std::move(stage));
    made = found.has_value();
    return found;
  };
  Rehearsal rehearsal(recording, *answers, reader, stop_at);
  auto ran = rehearsal.run(noting, [&reader](const std::string& hash) { return reader.blob(hash); });
  if (!ran && made) return fail(std::move(ran.error()));
  if (!ran) return Rehearsed{.why = std::move(ran.error().message)};
  auto difference = first_difference(recording, rehearsal.lines(), rehearsal.names(), recording.whole());
  if (!difference) return fail(std::move(difference.error()));
  return Rehearsed{.difference = std::move(*difference), .moments = rehearsal.moments()};
}

// The journal has that a run was stopped, not at which moment between two things that it has. One of them led
// to what was recorded, and most often one of the last.
Result<bool> agrees_at_some_moment(const Recording& recording, store::StoreReader& reader,
                                   const ReplayCatalog& catalog, std::size_t moments) {
  for (std::size_t tried = 0; tried < limits::kReplayStops && tried < moments; ++tried) {
    auto again = rehearse(recording, reader, catalog, moments - tried);
    if (!again) return fail(std::move(again.error()));
    if (!again->difference) return true;
  }
  return false;
}

}  // namespace

Result<Replayed> replay(const Recording& recording, store::StoreReader& reader,
                        const ReplayCatalog& catalog) {
  Replayed replayed{
      .unfinished = !recording.whole(), .runs = recording.runs.size(), .events = events_in(recording.lines)};
  if (replayed.why = why_compacted(recording); !replayed.why.empty()) {
    replayed.outcome = Replayed::Outcome::skipped;
    return replayed;
  }
  auto answers = read_answers(recording);
  if (!answers) return fail(std::move(answers.error()));
  replayed.why = why_not(recording, *answers);
  Rehearsed rehearsed;
  if (replayed.why.empty()) {
    auto done = rehearse(recording, reader, catalog, 0);
    if (!done) return fail(std::move(done.error()));
    rehearsed = std::move(*done);
    replayed.why = std::move(rehearsed.why);
  }
  if (!replayed.why.empty()) {
    replayed.outcome = Replayed::Outcome::skipped;
    return replayed;
  }
  if (!rehearsed.difference) return replayed;
  if (!answers->stops.empty()) {
    auto agrees = agrees_at_some_moment(recording, reader, catalog, rehearsed.moments);
    if (!agrees) return fail(std::move(agrees.error()));
    if (*agrees) return replayed;
  }
  replayed.difference = std::move(rehearsed.difference);
  replayed.outcome = Replayed::Outcome::differs;
  return replayed;
}

}  // namespace troupe::agents
