#include "tests/agents/parser/agreement.h"

#include "agents/react/parser/parse_report.h"

#include <fmt/format.h>

namespace troupe::tests {

namespace {

void count(Agreement& agreement, const Turn& turn, bool agree, bool contradicted, bool malformed) {
  if (!turn.executed()) {
    ++agreement.refused;
    agreement.refused_here += malformed;
    return;
  }
  ++agreement.executed;
  agreement.agree += agree;
  agreement.contradicted += contradicted;
  agreement.agree_otherwise += agree && !contradicted;
}

std::string why(const Turn& turn) {
  if (auto contradiction_found = contradiction(turn)) return *contradiction_found;
  std::string tool = string_or(turn.expected, "tool");
  if (string_or(turn.expected, "type") == "action" && (tool.empty() || tool == "None"))
    return "the recorded call names no tool; here the model is told so";
  return "";
}

AgreementTable read_all() {
  AgreementTable table;
  for (const char* collection : kJudgedCollections) {
    for (const Turn& turn : turns_of(collection)) {
      agents::ParsedStep step = read_turn(turn);
      bool agree = agrees(turn, step);
      bool contradicted = contradiction(turn).has_value();
      bool malformed = std::holds_alternative<agents::Malformed>(step.outcome);
      for (Agreement* part :
           {&table.by_model[collection][turn.model], &table.by_collection[collection], &table.all})
        count(*part, turn, agree, contradicted, malformed);
      if (turn.executed() && !agree)
        table.departures.push_back(
            {collection, turn.id, summary(turn.expected), summary(agents::report_of(step)), why(turn)});
    }
  }
  return table;
}

std::string percent(int part, int whole) {
  return whole == 0 ? "–" : fmt::format("{:.2f}", 100.0 * part / whole);
}

std::string row(const std::string& collection, const std::string& model, const Agreement& a) {
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} of {} |\n", collection, model, a.executed,
                     a.agree, percent(a.agree, a.executed), a.contradicted,
                     percent(a.agree_otherwise, a.others()), a.refused_here, a.refused);
}

}  // namespace

const AgreementTable& agreement_table() {
  static const AgreementTable table = read_all();
  return table;
}

std::string agreement_markdown() {
  const AgreementTable& table = agreement_table();
  std::string page =
      "| collection | model | executed turns | same | % | against the rules | % of the others | "
      "refused by both |\n|---|---|--:|--:|--:|--:|--:|--:|\n";
  for (const char* collection : kJudgedCollections) {
    for (const auto& [model, agreement] : table.by_model.at(collection))
      page += row(collection, model, agreement);
    page += row(fmt::format("**{}**", collection), "**all**", table.by_collection.at(collection));
  }
  page += row("**all**", "", table.all);
  page +=
      "\nEvery executed turn that is read otherwise than it was recorded:\n\n| turn | recorded | read | why "
      "|\n|---|---|---|---|\n";
  for (const Departure& departure : table.departures)
    page += fmt::format("| `{}` | {} | {} | {} |\n", departure.id, departure.recorded, departure.read,
                        departure.why);
  return page;
}

}  // namespace troupe::tests
