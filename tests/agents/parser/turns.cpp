#include "tests/agents/parser/turns.h"

#include "agents/react/parser/parse_report.h"
#include "agents/react/parser/step_names.h"
#include "tests/fakes/fixtures.h"

#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

namespace troupe::tests {

namespace {

// An input is compared as the JSON that it is or holds.
Json plain(const Json& input) {
  if (!input.is_string()) return input;
  std::string text = agents::trimmed(input.get_ref<const std::string&>());
  if (text.starts_with('{'))
    if (auto object = parse_json(text)) return *object;
  return text;
}

bool begins_with(std::string_view line, std::string_view label) {
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  return line.starts_with(label);
}

// Lines that begin with `labels`, in this order.
bool has_lines_in_order(std::string_view text, std::initializer_list<std::string_view> labels) {
  auto next = labels.begin();
  for (std::size_t at = 0; at <= text.size() && next != labels.end();) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    if (begins_with(text.substr(at, end - at), *next)) ++next;
    at = end + 1;
  }
  return next == labels.end();
}

}  // namespace

std::vector<Json> records_of(const std::string& fixture) {
  std::vector<Json> records;
  std::istringstream lines(fakes::read_fixture(fixture));
  for (std::string line; std::getline(lines, line);) {
    auto record = parse_json(line);
    if (!record) throw std::runtime_error(fixture + ": " + record.error().message);
    records.push_back(std::move(*record));
  }
  return records;
}

std::vector<Turn> turns_of(const std::string& collection) {
  std::vector<Turn> turns;
  for (const Json& record : records_of("react_turns/" + collection + ".jsonl.gz"))
    turns.push_back({collection, record["id"], string_or(record, "model", "not stated"), record["format"],
                     record["completion"], record["expected"]});
  return turns;
}

std::string_view strategy_of(std::string_view format) {
  if (format == "search-lookup-finish" || format == "bracket-action-only") return "docstore";
  if (format == "thoughts-command-json") return "react";
  if (format == "react-json") return "conversational";
  return "react_text";
}

agents::ParsedStep read_whole(std::string_view reply, agents::Dialect dialect) {
  auto parser = agents::make_step_parser({.dialect = dialect});
  std::vector<agents::StepDelta> deltas;
  parser->feed(reply, deltas);
  return parser->finish(deltas);
}

agents::ParsedStep read_turn(const Turn& turn) {
  return read_whole(turn.completion, *agents::dialect_of(strategy_of(turn.format)));
}

bool agrees(const Turn& turn, const agents::ParsedStep& step) {
  Json read = agents::report_of(step);
  if (read["type"] != turn.expected["type"]) return false;
  if (read["type"] == "malformed") return true;
  if (read["type"] == "final")
    return agents::trimmed(string_or(read, "answer")) == agents::trimmed(string_or(turn.expected, "answer"));
  if (!find(read, "tool") || read["tool"] != turn.expected["tool"]) return false;
  for (const char* key : {"input", "input_text", "input_verbatim"})
    if (const Json* input = find(turn.expected, key); input && plain(read["input"]) == plain(*input))
      return true;
  return false;
}

std::optional<std::string> contradiction(const Turn& turn) {
  if (string_or(turn.expected, "type") != "final") return std::nullopt;
  if (has_lines_in_order(turn.completion, {"Action:", "Action Input:", "Observation:"}))
    return "a complete action with a made-up observation behind it, recorded as final";
  std::string answer = string_or(turn.expected, "answer");
  std::string_view later = std::string_view(answer).substr(std::min(answer.find('\n'), answer.size()));
  for (std::string_view label : {"Thought:", "Action:", "Observation:", "Final Answer:"})
    if (has_lines_in_order(later, {label})) return "the recorded answer runs on into a second trace";
  return std::nullopt;
}

std::string summary(const Json& outcome) {
  auto brief = [](std::string text) {
    for (char& c : text)
      if (c == '\n' || c == '|') c = ' ';
    std::size_t end = std::min<std::size_t>(text.size(), 40);
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return end < text.size() ? text.substr(0, end) + "…" : text;
  };
  std::string type = string_or(outcome, "type");
  if (type == "final") return "answer `" + brief(string_or(outcome, "answer")) + "`";
  if (type == "malformed") return "malformed: " + brief(string_or(outcome, "reason"));
  if (find(outcome, "actions")) return "several calls";
  return "call of `" + string_or(outcome, "tool") + "` with `" + brief(dump(outcome["input"])) + "`";
}

}  // namespace troupe::tests
