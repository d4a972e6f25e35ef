#include "tests/e2e/conversation_check.h"

#include "tests/fakes/chat_client.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include <doctest/doctest.h>

namespace troupe::e2e {

using fakes::RecordedConversation;
using fakes::RecordedModel;
using fakes::RecordedStep;
using fakes::RecordedTurn;

namespace {

std::string type_of(const Json& frame) {
  return string_or(frame, "type");
}

// Warnings that may stand between the events of a run.
bool is_aside(const Json& frame) {
  const std::string code = string_or(frame, "code");
  return type_of(frame) == "warning" && (code.starts_with("repaired_") || code == "model_retry");
}

std::vector<std::string> words_of(const std::string& text, std::size_t most = std::string::npos) {
  std::vector<std::string> words(1);
  for (char c : text) {
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80;
    if (letter) words.back() += c;
    if (!letter && !words.back().empty()) words.emplace_back();
    if (words.size() > most) break;
  }
  if (words.back().empty() || words.size() > most) words.pop_back();
  return words;
}

// How much of how a recorded text begins is in another: recorded tools print their texts with other blanks,
// brackets and entities.
double share_in(const std::string& text, const std::string& recorded) {
  const auto there = words_of(text);
  const std::set<std::string> known(there.begin(), there.end());
  const auto wanted = words_of(recorded, 40);
  const auto hits =
      std::count_if(wanted.begin(), wanted.end(), [&](const std::string& w) { return known.contains(w); });
  return static_cast<double>(hits) / static_cast<double>(std::max<std::size_t>(wanted.size(), 1));
}

double number_in(const std::string& text) {
  return std::stod(text.substr(std::min(text.find_first_of("-0123456789"), text.size() - 1)));
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t times = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++times;
  return times;
}

// The original programs passed every input on as text; ours reads one that is a JSON object.
bool same_input(const Json& got, const Json& expected) {
  if (got == expected) return true;
  if (!expected.is_string() || !got.is_object()) return false;
  const auto read = parse_json(expected.get<std::string>());
  return read && *read == got;
}

/// Goes through the frames of one run in order.
class Reader {
 public:
  explicit Reader(const std::vector<Json>& frames) {
    for (const Json& frame : frames)
      if (find(frame, "seq") && !is_aside(frame)) events_.push_back(frame);
  }
  /// The next event, which must be of `type`.
  Json take(const std::string& type) {
    REQUIRE_MESSAGE(at_ < events_.size(), "the run has no further event where there should be ", type);
    const Json& event = events_[at_++];
    REQUIRE_MESSAGE(type_of(event) == type, dump(event));
    return event;
  }
  std::string peek() const { return at_ < events_.size() ? type_of(events_[at_]) : ""; }
  bool at_end() const { return at_ == events_.size(); }

 private:
  std::vector<Json> events_;
  std::size_t at_ = 0;
};

std::string deltas(const std::vector<Json>& frames, const std::string& type, int step) {
  std::string text;
  for (const Json& frame : frames) {
    if (type_of(frame) == "stream.reset" && frame["step"] == step) text.clear();
    if (type_of(frame) == type && frame["step"] == step) text += string_or(frame, "text");
  }
  return text;
}

// `repeated`: how often the run made the very same call before.
void check_observation(const RecordedStage& stage, const RecordedStep& step, const Json& seen,
                       std::int64_t repeated) {
  const std::string tool = string_or(step.expected, "tool");
  CHECK(string_or(seen, "tool") == tool);
  CHECK(seen["ms"].is_number());
  const std::string error = string_or(seen, "error");
  const auto found = stage.tools().find(tool);
  if (repeated >= limits::kRepeats || found == stage.tools().end()) {
    CHECK(seen["ok"] == false);
    CHECK_MESSAGE(error.starts_with(repeated >= limits::kRepeats ? "not called: this very call was made"
                                                                 : "there is no tool `" + tool),
                  error);
    return;
  }
  const std::string output = string_or(seen, "output");
  if (seen["ok"] == false) {  // not every page of the recordings is in the recorded Wikipedia
    CHECK_MESSAGE(found->second == "wikipedia", dump(seen));
    CHECK(error.starts_with("Wikipedia (en) has nothing on"));
    CHECK(stage.tools().size() > 1);
    return;
  }
  CHECK_FALSE(output.empty());
  if (step.observation.empty()) return;
  if (found->second == "calculator") {
    const double recorded = number_in(step.observation);
    CHECK(std::abs(number_in(output) - recorded) < 1e-9 * std::abs(recorded));
  } else if (found->second == "tavily" || stage.tools().size() == 1) {
    CHECK_MESSAGE(share_in(output, step.observation) > 0.9, output);
  }
}

void check_usage(const RecordedStep& step, const Json& usage) {
  CHECK(usage["cost"] == 0);
  CHECK(usage["input_tokens"].get<std::int64_t>() > 0);
  // A stream that was closed once its step was decided had not told its usage; then we count, and say so.
  if (!find(usage, "estimated")) CHECK(usage["output_tokens"] == RecordedModel::output_tokens(step));
  if (!find(usage, "estimated") && step.input_tokens) CHECK(usage["input_tokens"] == *step.input_tokens);
}

void check_step(const RecordedStage& stage, const RecordedStep& step, int number,
                const std::vector<Json>& frames, Shown seen_deltas, Reader& reader) {
  const std::string kind = type_of(step.expected);
  if (kind == "malformed") {
    CHECK(string_or(reader.take("warning"), "code") == "unreadable_reply");
    check_usage(step, reader.take("usage"));
    CHECK(deltas(frames, "answer.delta", number).empty());
    return;
  }
  std::string thought;
  if (reader.peek() == "thought") thought = string_or(reader.take("thought"), "text");
  if (step.thought) CHECK(thought == *step.thought);
  if (seen_deltas == Shown::whole) CHECK(deltas(frames, "thought.delta", number) == thought);
  if (kind == "final") {
    const Json answer = reader.take("answer");
    CHECK(string_or(answer, "text") == string_or(step.expected, "answer"));
    // An answer that is JSON is not shown before it is whole.
    const std::string shown = deltas(frames, "answer.delta", number);
    const bool all = shown == string_or(answer, "text") || (shown.empty() && find(answer, "data"));
    CHECK_MESSAGE((all || seen_deltas == Shown::in_part), shown);
    CHECK(answer["step"] == number);
    check_usage(step, reader.take("usage"));
    return;
  }
  const Json action = reader.take("action");
  CHECK(string_or(action, "tool") == string_or(step.expected, "tool"));
  CHECK_MESSAGE(same_input(action["input"], step.expected.at("input")), dump(action));
  CHECK(action["step"] == number);
  check_usage(step, reader.take("usage"));
  const Json seen = reader.take("observation");
  CHECK(seen["call"] == action["call"]);
  CHECK(seen["step"] == number);
  const auto earlier = std::count_if(frames.begin(), frames.end(), [&](const Json& frame) {
    return type_of(frame) == "action" && frame["seq"] < action["seq"] && frame["tool"] == action["tool"] &&
           frame["input"] == action["input"];
  });
  check_observation(stage, step, seen, earlier);
}

std::int64_t sum(const std::vector<Json>& frames, std::string_view field) {
  std::int64_t total = 0;
  for (const Json& frame : frames)
    if (type_of(frame) == "usage") total += frame[field].get<std::int64_t>();
  return total;
}

void check_stamps(const std::vector<Json>& frames) {
  std::string run, session;
  for (const Json& frame : frames) {
    if (!find(frame, "seq")) continue;
    if (run.empty()) run = string_or(frame, "run"), session = string_or(frame, "session");
    CHECK(string_or(frame, "run") == run);
    CHECK(string_or(frame, "session") == session);
    CHECK(string_or(frame, "ts").size() == std::string_view("2026-01-01T00:00:00.000Z").size());
  }
  CHECK_FALSE(run.empty());
}

/// What the model is told of a run's events, step by step.
class Expected {
 public:
  Expected(const RecordedTurn& turn, const std::vector<Json>& frames) : turn_(turn), frames_(frames) {}

  /// Checks the messages that step `number` put at the end, from `at` on, and returns where they end.
  std::size_t check(const Json& messages, std::size_t at, int number) const {
    const RecordedStep& step = turn_.steps[static_cast<std::size_t>(number - 1)];
    const bool wrote = !step.completion.empty();  // a reply without text is no message
    REQUIRE(at + (wrote ? 1 : 0) < messages.size());
    const Json said = wrote ? messages[at++] : Json{{"content", ""}};
    const Json& told = messages[at++];
    if (wrote) CHECK(string_or(said, "role") == "assistant");
    CHECK(string_or(said, "content").empty() == !wrote);
    CHECK(step.completion.starts_with(string_or(said, "content")));
    CHECK(string_or(told, "role") == "user");
    const auto body = parse_json(string_or(told, "content"));
    REQUIRE(body);
    if (type_of(step.expected) == "malformed") {
      CHECK(string_or(said, "content") == step.completion);
      CHECK(string_or(*body, "correction") == string_or(event("warning", number), "text"));
      return at;
    }
    // A made-up observation is cut off.
    CHECK(count(string_or(said, "content"), "Observation:") == 0);
    const Json& told_observation = body->at("observation");
    const Json seen = event("observation", number);
    for (const char* field : {"call", "tool", "ok", "output", "error"}) {
      CAPTURE(field);
      CHECK((find(told_observation, field) ? told_observation[field] : Json()) ==
            (find(seen, field) ? seen[field] : Json()));
    }
    return at;
  }

 private:
  Json event(const std::string& type, int step) const {
    for (const Json& frame : frames_)
      if (type_of(frame) == type && !is_aside(frame) && frame["step"] == step) return frame;
    FAIL("the run has no " << type << " in step " << step);
    return nullptr;
  }

  const RecordedTurn& turn_;
  const std::vector<Json>& frames_;
};

void check_message(const Json& messages, std::size_t at, const std::string& role, const std::string& text) {
  REQUIRE(at < messages.size());
  CHECK(string_or(messages[at], "role") == role);
  CHECK(string_or(messages[at], "content").starts_with(text));
}

// An earlier answer, as the model would have written it.
void check_answer(const Json& messages, std::size_t at, const std::string& text) {
  check_message(messages, at, "assistant", "{");
  const auto said = parse_json(string_or(messages[at], "content"));
  REQUIRE(said);
  CHECK(string_or(*said, "final_answer") == text);
}

}  // namespace

void check_run(const RecordedStage& stage, const RecordedTurn& turn, const std::vector<Json>& frames,
               Shown shown) {
  CAPTURE(turn.question);
  Reader reader(frames);
  const Json started = reader.take("run.started");
  CHECK(string_or(started, "input") == turn.question);
  CHECK(started["message_ids"].size() == 1);
  int number = 0;
  for (const RecordedStep& step : turn.steps) {
    CAPTURE(step.id);
    check_step(stage, step, ++number, frames, shown, reader);
  }
  const Json finished = reader.take("run.finished");
  const bool answered = type_of(turn.steps.back().expected) == "final";
  CHECK(string_or(finished, "status") == (answered ? "done" : "failed"));
  CHECK(string_or(finished, "reason") == (answered ? "final_answer" : "unparsable"));
  CHECK(finished["steps"] == number);
  CHECK(finished["input_tokens"] == sum(frames, "input_tokens"));
  CHECK(finished["output_tokens"] == sum(frames, "output_tokens"));
  CHECK(reader.at_end());
  check_stamps(frames);
}

void check_requests(const RecordedStage& stage, const RecordedConversation& conversation,
                    const std::vector<std::vector<Json>>& runs, const std::vector<Json>& requests,
                    std::size_t turns_kept) {
  CAPTURE(conversation.id);
  std::size_t next = 0;
  for (std::size_t turn = 0; turn < conversation.turns.size(); ++turn) {
    const RecordedTurn& now = conversation.turns[turn];
    for (std::size_t step = 0; step < now.steps.size(); ++step, ++next) {
      CAPTURE(now.steps[step].id);
      REQUIRE(next < requests.size());
      const Json& messages = requests[next].at("messages");
      REQUIRE(!messages.empty());
      CHECK(string_or(messages[0], "role") == "system");
      for (const auto& [name, type] : stage.tools())
        CHECK(count(string_or(messages[0], "content"), "\n- " + name + "(") == 1);
      std::size_t at = 1;
      for (std::size_t before = turn - std::min(turn, turns_kept); before < turn; ++before) {
        const RecordedTurn& then = conversation.turns[before];
        check_message(messages, at++, "user", then.question);
        if (type_of(then.steps.back().expected) == "final")
          check_answer(messages, at++, string_or(then.steps.back().expected, "answer"));
        else
          CHECK(count(string_or(messages[at - 1], "content"), "was not answered") == 1);
      }
      check_message(messages, at, "user", now.question);
      CHECK(string_or(messages[at++], "content") == now.question);
      const Expected expected(now, runs[turn]);
      for (int told = 1; told <= static_cast<int>(step); ++told) at = expected.check(messages, at, told);
      CHECK(at == messages.size());
    }
  }
  CHECK(next == requests.size());
}

void check_gap_free(const std::vector<std::int64_t>& seqs, std::int64_t first) {
  std::int64_t expected = first;
  for (std::int64_t seq : seqs) REQUIRE(seq == expected++);
}

}  // namespace troupe::e2e
