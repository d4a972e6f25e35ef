#pragma once

#include <string>
#include <vector>

namespace troupe::tests {

/// One case out of the tests of another parser, with what this one makes of it.
struct CaseResult {
  std::string group;     ///< whose tests, for the table
  std::string input;     ///< as written
  std::string expected;  ///< there, in brief
  std::string read;      ///< here, in brief
  bool same = false;
};

/// LangChain's and LlamaIndex's cases of agent output parsers.
std::vector<CaseResult> agent_parser_cases();
/// json_repair's cases, without those of its options that bend a value to a schema or refuse to repair.
std::vector<CaseResult> json_repair_cases();
/// How many of json_repair's cases were left out.
int json_repair_cases_of_other_options();

/// Why a case is read otherwise; empty where nobody has said.
std::string reason_of(const CaseResult& result);

/// The tables as Markdown, as they stand in docs/parser.md.
std::string cases_markdown();

}  // namespace troupe::tests
