#include "agents/react/parser/parse_report.h"

#include <istream>
#include <iterator>
#include <ostream>
#include <string>

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

// The reply of a JSON line; nothing where the line is none.
std::optional<Json> record_of(std::string_view line) {
  auto record = parse_json(line);
  if (!record || !find(*record, "completion") || !(*record)["completion"].is_string()) return std::nullopt;
  return std::move(*record);
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
  std::string line;
  if (!std::getline(in, line)) line.clear();
  auto record = record_of(trim_end(line));
  if (!record) {  // one reply, as the model wrote it
    std::string reply = std::move(line);
    if (!in.eof()) reply += '\n';
    reply.append(std::istreambuf_iterator<char>(in), {});
    Json report = parse_reply(reply, dialect);
    out << dump(report) << std::endl;
    return report["type"] == "malformed" ? 1 : 0;
  }
  int code = 0;
  do {
    if (trim_end(line).empty()) continue;
    record = record_of(trim_end(line));
    Json report =
        record ? parse_reply((*record)["completion"].get_ref<const std::string&>(), dialect)
               : Json{{"type", "malformed"}, {"reason", "the line is no JSON object with `completion`"}};
    if (record && record->contains("id")) report["id"] = (*record)["id"];
    if (report["type"] == "malformed") code = 1;
    out << dump(report) << std::endl;
  } while (std::getline(in, line));
  return code;
}

}  // namespace troupe::agents
