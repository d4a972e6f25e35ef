#include "tests/agents/parser/cases.h"

#include "agents/react/parser/json_repair.h"
#include "agents/react/parser/parse_report.h"
#include "agents/react/parser/step_names.h"
#include "tests/agents/parser/turns.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace troupe::tests {

namespace {

using agents::trimmed;

// Members of an object in any order.
nlohmann::json unordered(const Json& value) {
  return nlohmann::json::parse(dump(value));
}

std::string brief(const std::string& text) {
  std::string line;
  for (char c : text) line += c == '\n' ? std::string("⏎") : c == '|' ? "\\|" : std::string(1, c);
  if (line.size() <= 90) return line;
  std::size_t end = 88;
  while ((static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end) + "…";
}

std::string_view strategy_of_case(std::string_view id) {
  if (id.contains("self_ask")) return "self_ask";
  return id.contains("chat") ? "conversational" : "react_text";
}

std::string project_of(std::string_view id) {
  return id.starts_with("llama-index") ? "LlamaIndex" : "LangChain";
}

bool same_text(const Json& a, const Json& b) {
  return a.is_string() && b.is_string() && trimmed(a.get<std::string>()) == trimmed(b.get<std::string>());
}

bool same_input(const Json& read, const Json& expected) {
  if (read == expected || same_text(read, expected)) return true;
  if (!expected.is_string()) return false;
  auto parsed = parse_json(expected.get_ref<const std::string&>());
  return parsed && unordered(*parsed) == unordered(read);
}

bool same_step(const Json& read, const Json& expected) {
  std::string type = string_or(read, "type");
  if (string_or(expected, "type") == "error") return type == "malformed";
  if (find(expected, "thought") && string_or(read, "thought") != string_or(expected, "thought")) return false;
  for (const char* key : {"answer", "output"})
    if (const Json* answer = find(expected, key))
      return type == "final" && same_text(read["answer"], *answer);
  std::string tool = string_or(expected, "tool", string_or(expected, "action"));
  const Json* input = find(expected, find(expected, "input") ? "input" : "action_input");
  if (tool == "Final Answer") return type == "final" && same_text(read["answer"], *input);
  return type == "action" && string_or(read, "tool") == tool && input && same_input(read["input"], *input);
}

// What a streaming reader shows of a value while it grows is a matter of deltas; its last value counts here.
Json expected_value(const Json& expected) {
  if (const Json* values = find(expected, "successive_values")) return values->back();
  return expected["parsed"];
}

CaseResult read_value(std::string group, const std::string& input, const Json& expected) {
  auto repaired = agents::repair_json(input);
  Json value = repaired ? repaired->value : Json(nullptr);
  bool same = unordered(value) == unordered(expected);
  return {std::move(group), input, dump(expected), repaired ? dump(value) : "nothing", same};
}

bool other_option(const Json& options) {
  return find(options, "schema") || find(options, "strict") || find(options, "schema_repair_mode");
}

// What json_repair is said to return: a value, or the text of one; an empty text is no value.
Json expected_of(const Json& record) {
  Json expected = record["expected"];
  if (find(record["options"], "logging")) expected = expected[0];
  if (!expected.is_string()) return expected;
  const auto& text = expected.get_ref<const std::string&>();
  if (text.empty()) return nullptr;
  bool value = find(record["options"], "return_objects") || record["call"] == "loads";
  return value ? expected : Json::parse(text);
}

std::string table(const std::vector<CaseResult>& results) {
  std::map<std::string, std::pair<int, int>> groups;
  for (const CaseResult& result : results) {
    ++groups[result.group].first;
    groups[result.group].second += result.same;
  }
  std::string page = "| cases of | number | same |\n|---|--:|--:|\n";
  for (const auto& [group, counts] : groups)
    page += fmt::format("| {} | {} | {} |\n", group, counts.first, counts.second);
  page += "\n| case | there | here | why |\n|---|---|---|---|\n";
  for (const CaseResult& result : results)
    if (!result.same)
      page += fmt::format("| `` {} `` | `` {} `` | `` {} `` | {} |\n", brief(result.input),
                          brief(result.expected), brief(result.read), reason_of(result));
  return page;
}

constexpr const char* kFirst = "the first complete value decides; what follows is not read";
constexpr const char* kNull = "a missing value is null: an empty text would be a guess";
constexpr const char* kFaithful = "blanks at the end of a text are kept: they are part of it";
constexpr const char* kAmbiguous =
    "reads just as well as a text with quotes that nobody escaped, which is far more frequent";

struct Reason {
  std::string_view begins;  // of the input
  std::string_view why;
};
constexpr Reason kReasons[] = {
    {"Thought: agent thought here\nAction: search Final Answer:",
     "a call of a tool that does not exist: the model is told which ones do"},
    {"Finally: 4", "the word is an option of that parser; nobody was asked to write it"},
    {"Thought: I need to search for NBA\nAction: Search",
     "the first complete action decides, and the made-up observation behind it is dropped"},
    {"I can use the `foo` tool to achieve the goal.", "the call is read, not shown as an answer"},
    {"{\"key\":\"value\"}, {", kFirst},
    {"{\"key\": \"value\"}, [", kFirst},
    {"{\"key\": true, \"key2\": false, \"key3\": }", kNull},
    {"{\"key\": \"value\"}, \"key2\": }", kNull},
    {"{\"key\": \"val\\n123,`key2", "without its quotes, the second key is text of the first value"},
    {"[\"", "the list holds a text that broke off"},
    {"{\"headers\"", "which row the loose texts belong to is a guess"},
    {"{\"bad_one\"", kAmbiguous},
    {"{\"key\", 105", "a set, as Python writes it"},
    {"[- ", "the list holds a word"},
    {"{\"key:value}", "a key without an end is no object: prose has such braces"},
    {"[{\"lorem\"", "four quotes in a row mean nothing certain"},
    {"{ \"key\": [\"arrayvalue\"]", "the loose list is kept as a value without a key"},
    {"{\"\" key\"", kAmbiguous},
    {"{\"a\": \"first, b: ", kAmbiguous},
    {"{\n\"a\": \"\n```", kFaithful},
    {"{\"a\":\"x}```", kFaithful},
    {"{0:a\"0\"", "a letter before a quote is a string prefix, as in r\"…\""},
};

}  // namespace

std::vector<CaseResult> agent_parser_cases() {
  std::vector<CaseResult> results;
  for (const Json& record : records_of("parser_cases/agent_output_parsers.jsonl")) {
    std::string id = record["id"], input = record["input"];
    const Json& expected = record["expected"];
    if (string_or(record, "call").contains("json")) {
      results.push_back(read_value(project_of(id), input, expected_value(expected)));
      continue;
    }
    Json read = agents::parse_reply(input, *agents::dialect_of(strategy_of_case(id)));
    bool error = string_or(expected, "type") == "error";
    results.push_back({project_of(id), input, error ? "an error" : dump(expected), summary(read),
                       same_step(read, expected)});
  }
  return results;
}

std::vector<CaseResult> json_repair_cases() {
  std::vector<CaseResult> results;
  for (const Json& record : records_of("parser_cases/json_repair.jsonl"))
    if (!other_option(record["options"]))
      results.push_back(read_value("json_repair", record["input"], expected_of(record)));
  return results;
}

int json_repair_cases_of_other_options() {
  auto records = records_of("parser_cases/json_repair.jsonl");
  return static_cast<int>(
      std::ranges::count_if(records, [](const Json& record) { return other_option(record["options"]); }));
}

std::string reason_of(const CaseResult& result) {
  for (const Reason& reason : kReasons)
    if (result.input.starts_with(reason.begins)) return std::string(reason.why);
  return "";
}

std::string cases_markdown() {
  std::vector<CaseResult> results = agent_parser_cases();
  for (CaseResult& result : json_repair_cases()) results.push_back(std::move(result));
  return table(results) +
         fmt::format(
             "\nLeft out: {} cases of json_repair's options that bend values to a schema or refuse to "
             "repair. Input that a tool's schema refuses becomes an observation here.\n",
             json_repair_cases_of_other_options());
}

}  // namespace troupe::tests
