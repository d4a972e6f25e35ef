#include "agents/react/parser/parse_report.h"
#include "agents/react/parser/step_object.h"
#include "tests/agents/parser/agreement.h"
#include "tests/agents/parser/doc_part.h"
#include "tests/agents/parser/shown_text.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::tests;

namespace {

constexpr const char* kStrategies[] = {"react",          "react_text", "tools",
                                       "conversational", "docstore",   "self_ask"};

// What must not be shown: a line with a label, or JSON that is a step. JSON that the parser hands on as data
// is the structured answer that somebody asked for.
bool shows_raw_text(const FinalStep& final) {
  if (shows_label(final.answer, true)) return true;
  if (!final.answer.starts_with('{') && !final.answer.starts_with('[')) return false;
  auto value = parse_json(final.answer);
  if (!value) return true;
  StepObject step = read_step_object(*value, "the answer", false);
  return final.data.is_null() || !std::holds_alternative<Malformed>(step.outcome);
}

void check_nothing_raw(const std::string& id, const std::string& reply, const char* strategy) {
  ParsedStep step = read_whole(reply, *dialect_of(strategy));
  auto* final = std::get_if<FinalStep>(&step.outcome);
  if (final && shows_raw_text(*final)) FAIL_CHECK(id << " as " << strategy << " shows: " << final->answer);
}

}  // namespace

TEST_CASE("recorded turns are read as the original programs read them") {
  const AgreementTable& table = agreement_table();

  for (const auto& [collection, agreement] : table.by_collection) {
    CAPTURE(collection);
    CHECK(agreement.executed > 200);
    CHECK(agreement.rate_otherwise() >= 0.99);
  }
  CHECK(table.all.executed > 9000);
  CHECK(table.all.rate() >= 0.998);
  CHECK(table.all.rate_otherwise() >= 0.998);
  CHECK(table.all.contradicted <= 10);
  for (const Departure& departure : table.departures) {
    CAPTURE(departure.id);
    CAPTURE(departure.read);
    CHECK(departure.why != "");
  }
}

TEST_CASE("docs/parser.md states the agreement with recorded turns as it is") {
  check_doc_part("docs/parser.md", "agreement", agreement_markdown());
}

TEST_CASE("no recorded turn shows a label or a step's JSON as an answer, unless that is the recorded one") {
  for (const char* collection : kJudgedCollections) {
    for (const Turn& turn : turns_of(collection)) {
      ParsedStep step = read_turn(turn);
      auto* final = std::get_if<FinalStep>(&step.outcome);
      if (final && shows_raw_text(*final) && !agrees(turn, step))
        FAIL_CHECK(turn.id << " shows: " << final->answer);
    }
  }
}

TEST_CASE("turns of formats that no strategy asks for show nothing raw in any of them") {
  for (const char* collection : kOtherCollections)
    for (const Turn& turn : turns_of(collection))
      for (const char* strategy : kStrategies) check_nothing_raw(turn.id, turn.completion, strategy);
}

TEST_CASE("replies to native tool calls show nothing raw in any strategy") {
  for (const Json& record : records_of("tool_calls/toolbench_calls.jsonl.gz"))
    for (const char* strategy : kStrategies)
      check_nothing_raw(record["id"], string_or(record, "completion"), strategy);
  for (const Json& record : records_of("tool_calls/tau_bench_conversations.jsonl.gz"))
    for (const Json& message : record["messages"])
      if (string_or(message, "role") == "assistant")
        for (const char* strategy : kStrategies)
          check_nothing_raw(record["id"], string_or(message, "content"), strategy);
}
