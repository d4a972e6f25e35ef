#include "agents/react/parser/parse_report.h"

#include <istream>
#include <iterator>
#include <ostream>
#include <string>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

Json report_of_outcome(const ActionStep& step) {
  if (step.actions.size() == 1)
    return {{"type", "action"}, {"tool", step.actions[0].tool}, {"input", step.actions[0].input}};
  Json calls = Json::array();
  for (const ParsedAction& action : step.actions)
    calls.push_back({{"tool", action.tool}, {"input", action.input}});
  return {{"type", "action"}, {"actions", std::move(calls)}};
}

Json report_of_outcome(const FinalStep& step) {
  Json report = {{"type", "final"}, {"answer", step.answer}};
  if (!step.data.is_null()) report["data"] = step.data;
  return report;
}

Json report_of_outcome(const Malformed& step) {
  return {{"type", "malformed"}, {"reason", step.reason}};
}

// A JSON line with a reply; an error says what else line `number` is.
Result<Json> record_of(std::string_view line, std::size_t number) {
  auto record = parse_json(line);
  if (!record)
    return fail(ErrorCode::invalid, fmt::format("line {} is no JSON: {}", number, record.error().message));
  const Json* completion = find(*record, "completion");
  if (!completion || !completion->is_string())
    return fail(ErrorCode::invalid,
                fmt::format("line {} is no JSON object with a text in `completion`", number));
  return record;
}

std::string_view trim_end(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::optional<Dialect> dialect_of(std::string_view strategy) {
  if (strategy == "react" || strategy == "plan_execute") return Dialect::json_steps;
  if (strategy == "react_text") return Dialect::text_labels;
  if (strategy == "tools") return Dialect::native_tools;
  if (strategy == "conversational") return Dialect::conversational;
  if (strategy == "docstore") return Dialect::brackets;
  if (strategy == "self_ask") return Dialect::self_ask;
  return std::nullopt;
}

Json report_of(const ParsedStep& step) {
  Json report = std::visit([](const auto& outcome) { return report_of_outcome(outcome); }, step.outcome);
  if (!step.thought.empty()) report["thought"] = step.thought;
  if (!step.repairs.empty()) report["repairs"] = step.repairs;
  if (step.cut) report["cut"] = true;
  return report;
}

Json parse_reply(std::string_view reply, Dialect dialect) {
  auto parser = make_step_parser({.dialect = dialect});
  std::vector<StepDelta> deltas;
  parser->feed(reply, deltas);
  return report_of(parser->finish(deltas));
}

int run_parse(std::istream& in, std::ostream& out, Dialect dialect) {
  std::string line, before;
  std::size_t number = 0;
  do {  // blank lines before the first one decide nothing
    if (number > 0) before += line + '\n';
    line.clear();
    ++number;
  } while (std::getline(in, line) && trim_end(line).empty());
  if (!record_of(trim_end(line), number)) {  // one reply, as the model wrote it
    std::string reply = before + line;
    if (!in.eof()) reply += '\n';
    reply.append(std::istreambuf_iterator<char>(in), {});
    Json report = parse_reply(reply, dialect);
    out << dump(report) << std::endl;
    return report["type"] == "malformed" ? 1 : 0;
  }
  int code = 0;
  do {
    if (trim_end(line).empty()) continue;
    auto record = record_of(trim_end(line), number);
    Json report = record ? parse_reply(find(*record, "completion")->get_ref<const std::string&>(), dialect)
                         : report_of_outcome(Malformed{record.error().message});
    if (!record) report["line"] = number;
    if (record && find(*record, "id")) report["id"] = *find(*record, "id");
    if (report["type"] == "malformed") code = 1;
    out << dump(report) << std::endl;
  } while (++number, std::getline(in, line));
  return code;
}

}  // namespace troupe::agents
