#include "agents/react/parser/json_reader.h"
#include "agents/react/parser/parse_report.h"
#include "agents/react/step_parser.h"
#include "tests/agents/parser/turns.h"

#include <random>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::tests;

namespace {

constexpr Dialect kDialects[] = {Dialect::json_steps,     Dialect::text_labels, Dialect::native_tools,
                                 Dialect::conversational, Dialect::brackets,    Dialect::self_ask};

// All that a reply came to: the step and the joined deltas of each kind.
struct Reading {
  std::string report;
  std::size_t consumed = 0;
  std::string thought, action, argument, answer;
  bool operator==(const Reading&) const = default;
};

class Feed {
 public:
  explicit Feed(Dialect dialect) : parser_(make_step_parser({.dialect = dialect})) {}

  void bytes(std::string_view piece) {
    if (wants_) wants_ = parser_->feed(piece, deltas_);
  }
  ParsedStep end() { return step_ = parser_->finish(deltas_); }
  Reading reading() {
    end();
    Reading reading{dump(report_of(step_)), step_.consumed, {}, {}, {}, {}};
    for (const StepDelta& delta : deltas_) {
      std::string* all[] = {&reading.thought, &reading.action, &reading.argument, &reading.answer};
      *all[static_cast<int>(delta.kind)] += delta.text;
    }
    return reading;
  }
  const ParsedStep& step() const { return step_; }

 private:
  std::unique_ptr<StepParser> parser_;
  std::vector<StepDelta> deltas_;
  ParsedStep step_;
  bool wants_ = true;
};

Reading whole(std::string_view reply, Dialect dialect) {
  Feed feed(dialect);
  feed.bytes(reply);
  return feed.reading();
}

Reading byte_by_byte(std::string_view reply, Dialect dialect) {
  Feed feed(dialect);
  for (std::size_t at = 0; at < reply.size(); ++at) feed.bytes(reply.substr(at, 1));
  return feed.reading();
}

Reading in_two(std::string_view reply, std::size_t at, Dialect dialect) {
  Feed feed(dialect);
  feed.bytes(reply.substr(0, at));
  feed.bytes(reply.substr(at));
  return feed.reading();
}

Reading in_random_pieces(std::string_view reply, Dialect dialect, std::mt19937& random) {
  std::uniform_int_distribution<std::size_t> size(0, 24);
  Feed feed(dialect);
  for (std::size_t at = 0; at < reply.size();) {
    std::size_t piece = size(random);
    feed.bytes(reply.substr(at, piece));
    at += piece;
  }
  return feed.reading();
}

void check_every_split(const std::string& id, std::string_view reply, Dialect dialect) {
  Reading expected = whole(reply, dialect);
  if (byte_by_byte(reply, dialect) != expected) FAIL_CHECK(id << " differs byte by byte");
  for (std::size_t at = 1; at < reply.size(); ++at)
    if (in_two(reply, at, dialect) != expected) FAIL_CHECK(id << " differs when split at byte " << at);
}

// The deltas are the step: nothing is missing among them, and nothing was shown that is not in it.
void check_deltas(const std::string& id, std::string_view reply, Dialect dialect) {
  Feed feed(dialect);
  feed.bytes(reply);
  Reading reading = feed.reading();
  const ParsedStep& step = feed.step();
  if (std::holds_alternative<Malformed>(step.outcome)) return;
  if (reading.thought != step.thought) FAIL_CHECK(id << ": the deltas of the thought are not the thought");
  auto* final = std::get_if<FinalStep>(&step.outcome);
  if (final && final->data.is_null() && reading.answer != final->answer)
    FAIL_CHECK(id << ": the deltas of the answer are not the answer");
  if (!final && dialect != Dialect::native_tools && !reading.answer.empty())
    FAIL_CHECK(id << ": part of an action was shown as an answer");
}

std::vector<Turn> all_turns() {
  std::vector<Turn> turns;
  for (const char* collection : kJudgedCollections)
    for (Turn& turn : turns_of(collection)) turns.push_back(std::move(turn));
  for (const char* collection : kOtherCollections)
    for (Turn& turn : turns_of(collection)) turns.push_back(std::move(turn));
  return turns;
}

JsonReader read_json(std::string_view text, std::size_t begin, std::size_t piece) {
  JsonReader reader(begin);
  for (std::size_t end = begin + 1; end < text.size(); end += piece)
    if (reader.read(text.substr(0, end), false) != JsonReader::Status::reading) return reader;
  reader.read(text, true);
  return reader;
}

}  // namespace

TEST_CASE("the cases of other parsers read the same however they are split, in every dialect") {
  for (const Json& record : records_of("parser_cases/agent_output_parsers.jsonl")) {
    std::string id = record["id"], reply = record["input"];
    for (Dialect dialect : kDialects) {
      check_every_split(id, reply, dialect);
      check_deltas(id, reply, dialect);
    }
  }
}

TEST_CASE("a sample of the recorded turns reads the same wherever it is split") {
  int sampled = 0;
  for (const char* collection : kJudgedCollections) {
    auto turns = turns_of(collection);
    for (std::size_t i = 0; i < turns.size(); i += turns.size() / 8) {
      if (turns[i].completion.size() > 1000) continue;
      check_every_split(turns[i].id, turns[i].completion, *dialect_of(strategy_of(turns[i].format)));
      ++sampled;
    }
  }
  CHECK(sampled >= 16);
}

TEST_CASE("every recorded turn reads the same in random pieces, and its deltas are the step") {
  const unsigned seed = std::random_device{}();
  MESSAGE("seed " << seed);
  std::mt19937 random(seed);
  for (const Turn& turn : all_turns()) {
    Dialect dialect = *dialect_of(strategy_of(turn.format));
    if (in_random_pieces(turn.completion, dialect, random) != whole(turn.completion, dialect))
      FAIL_CHECK(turn.id << " reads differently in pieces; seed " << seed);
    check_deltas(turn.id, turn.completion, dialect);
  }
}

TEST_CASE("broken JSON is mended the same however it is split") {
  for (const Json& record : records_of("parser_cases/json_repair.jsonl")) {
    std::string text = record["input"];
    std::size_t begin = text.find_first_of("{[(");
    if (begin == std::string::npos) continue;
    CAPTURE(text);
    JsonReader expected = read_json(text, begin, text.size());
    for (std::size_t piece : {1u, 2u, 3u, 7u}) {
      JsonReader reader = read_json(text, begin, piece);
      CHECK(reader.status() == expected.status());
      CHECK(reader.position() == expected.position());
      CHECK(dump(reader.value()) == dump(expected.value()));
      CHECK(reader.repairs() == expected.repairs());
    }
  }
}

TEST_CASE("what stands behind a call and blanks ends it at the same byte, in whatever pieces it comes") {
  const std::string reply = "I can use it.\nAction: lookup(total)\n\n 9   Action:\n   more";

  for (Dialect dialect : kDialects) {
    const Reading expected = whole(reply, dialect);
    CHECK(expected.consumed == reply.find('9'));
    CHECK(byte_by_byte(reply, dialect) == expected);
    for (std::size_t at = 1; at < reply.size(); ++at) CHECK(in_two(reply, at, dialect) == expected);
  }
}
