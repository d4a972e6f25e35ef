#include "agents/replay/replay.h"

#include "agents/forks/copy.h"
#include "agents/replay/answers.h"
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
  const auto event = recording.lines.empty() ? Result<Json>(Json()) : parse_json(recording.lines.front().body);
  return event && flag(*event, kCopied);
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

}  // namespace

Result<Replayed> replay(const Recording& recording, store::StoreReader& reader,
                        const ReplayCatalog& catalog) {
  Replayed replayed{.unfinished = !recording.root().finished(),
                    .runs = recording.runs.size(),
                    .events = events_in(recording.lines)};
  auto answers = read_answers(recording);
  if (!answers) return fail(std::move(answers.error()));
  if (replayed.why = why_not(recording, *answers); !replayed.why.empty()) {
    replayed.outcome = Replayed::Outcome::skipped;
    return replayed;
  }
  bool made = false;
  const ReplayCatalog noting = [&](ReplayStage stage) {
    auto found = catalog(std::move(stage));
    made = found.has_value();
    return found;
  };
  Rehearsal rehearsal(recording, *answers, reader);
  auto ran = rehearsal.run(noting, [&reader](const std::string& hash) { return reader.blob(hash); });
  if (!ran && made) return fail(std::move(ran.error()));
  if (!ran) {
    replayed.outcome = Replayed::Outcome::skipped;
    replayed.why = std::move(ran.error().message);
    return replayed;
  }
  auto difference = first_difference(recording, rehearsal.lines(), rehearsal.names(), !replayed.unfinished);
  if (!difference) return fail(std::move(difference.error()));
  replayed.difference = std::move(*difference);
  if (replayed.difference) replayed.outcome = Replayed::Outcome::differs;
  return replayed;
}

}  // namespace troupe::agents
