// A reply of any bytes in any dialect: the same step whatever the chunking, deltas that add up to it, linear
// work, and no label or step of JSON shown as an answer.
#include "agents/react/parser/parse_report.h"
#include "agents/react/parser/reply_reader.h"
#include "tests/agents/parser/shown_text.h"
#include "tests/fuzz/require.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

using namespace troupe;
using namespace troupe::agents;
using troupe::fuzz::require;

namespace {

struct Reading {
  ParsedStep step;
  std::string thought, answer, argument, action;
  std::size_t work = 0;
};

Reading read(std::string_view reply, std::size_t piece, Dialect dialect) {
  ReplyReader reader({.dialect = dialect});
  std::vector<StepDelta> deltas;
  for (std::size_t at = 0; at < reply.size(); at += piece)
    if (!reader.feed(reply.substr(at, piece), deltas)) break;
  Reading reading;
  reading.step = reader.finish(deltas);
  reading.work = reader.work();
  for (const StepDelta& delta : deltas) {
    switch (delta.kind) {
      case StepDelta::Kind::thought:
        reading.thought += delta.text;
        break;
      case StepDelta::Kind::answer:
        reading.answer += delta.text;
        break;
      case StepDelta::Kind::argument:
        reading.argument += delta.text;
        break;
      case StepDelta::Kind::action:
        reading.action += delta.text;
        break;
    }
  }
  return reading;
}

bool same(const Reading& a, const Reading& b) {
  return dump(report_of(a.step)) == dump(report_of(b.step)) && a.step.consumed == b.step.consumed &&
         a.thought == b.thought && a.answer == b.answer && a.argument == b.argument && a.action == b.action;
}

void check(std::string_view reply, Dialect dialect, const Reading& reading) {
  const ParsedStep& step = reading.step;
  require(step.consumed <= reply.size());
  require(reading.work <= ReplyReader::kWorkPerByteMax * (reply.size() + 16));
  if (auto* malformed = std::get_if<Malformed>(&step.outcome)) {
    require(!malformed->reason.empty());
    return;
  }
  require(reading.thought == step.thought);
  auto* final = std::get_if<FinalStep>(&step.outcome);
  if (!final) {
    require(!std::get<ActionStep>(step.outcome).actions.empty());
    require(reading.answer.empty() || dialect == Dialect::native_tools);
    return;
  }
  if (final->data.is_null()) {
    require(reading.answer == final->answer);
    // Inside quotes or brackets the model said exactly what the answer is.
    bool delimited = reply.find_first_of("{[(") != std::string_view::npos;
    require(delimited || !tests::shows_label(final->answer));
  }
}

}  // namespace

/// The first byte says which dialect and how large the pieces are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr Dialect kDialects[] = {Dialect::json_steps,     Dialect::text_labels, Dialect::native_tools,
                                   Dialect::conversational, Dialect::brackets,    Dialect::self_ask};
  if (size < 2) return 0;
  const Dialect dialect = kDialects[data[0] % 6];
  const std::size_t piece = 1 + data[0] / 6 % 11;
  std::string_view reply(reinterpret_cast<const char*>(data) + 1, size - 1);

  Reading whole = read(reply, reply.size(), dialect);
  check(reply, dialect, whole);
  require(same(whole, read(reply, piece, dialect)));
  return 0;
}
