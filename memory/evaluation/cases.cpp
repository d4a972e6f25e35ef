#include "memory/evaluation/cases.h"

#include "memory/evaluation/case_values.h"
#include "models/builtin/utf8.h"
#include "runtime/base/suggest.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

using Names = std::vector<std::string>;

/// Other programs' names for a thing; ours is the first.
const Names kInput = {"input", "question", "query", "prompt"};
const Names kExpected = {"expected", "answers", "answer", "ideal", "references", "reference", "output"};
const Names kRelevant = {"relevant"};
const Names kId = {"id"};
const Names kInputs = {"inputs"};
const Names kKnowledge = {"knowledge"};
const Names kMetadata = {"metadata"};

const Names& all_names() {
  static const Names kAll = [] {
    Names all;
    for (const Names* names : {&kInput, &kExpected, &kRelevant, &kId, &kInputs, &kKnowledge, &kMetadata})
      all.insert(all.end(), names->begin(), names->end());
    return all;
  }();
  return kAll;
}

/// One line: its value of a thing, by any of its names.
class CaseLine {
 public:
  explicit CaseLine(const Json& object) : object_(object) {}

  /// Null where no name is there. What is there is read by `read`; what is wrong is kept.
  template <class Read>
  auto value(const Names& names, Read read) -> std::optional<typename decltype(read(Json()))::value_type> {
    const std::string* name = nullptr;
    for (const std::string& one : names) {
      if (!object_.contains(one)) continue;
      if (name) fail_with(fmt::format("`{}` and `{}` mean the same; one of them was expected", *name, one));
      name = &one;
    }
    if (!name) return std::nullopt;
    auto result = read(object_.at(*name));
    if (result) return std::move(*result);
    fail_with(fmt::format("`{}` {}", *name, result.error().message));
    return std::nullopt;
  }

  bool has(const Names& names) const {
    return std::ranges::any_of(names, [this](const std::string& name) { return object_.contains(name); });
  }
  void fail_with(std::string message) {
    if (problem_.empty()) problem_ = std::move(message);
  }
  /// The first one; empty: none.
  const std::string& problem() const { return problem_; }

 private:
  const Json& object_;
  std::string problem_;
};

Result<Json> read_inputs(const Json& value) {
  if (value.is_object()) return value;
  return fail(ErrorCode::invalid, "is " + excerpt_of(value) + "; an object of variables was expected");
}

Result<std::string> read_knowledge(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return fail(ErrorCode::invalid, "is " + excerpt_of(value) + "; the name of a knowledge base was expected");
}

class CaseFile {
 public:
  void line(std::size_t number, std::string_view text) {
    if (text.size() > kCaseLineBytes)
      return problem(number, fmt::format("has {} bytes; a line has at most {}", text.size(), kCaseLineBytes));
    const Result<Json> object = parse_json(text);
    if (!object) return problem(number, "is no JSON: " + object.error().message);
    if (!object->is_object())
      return problem(number, fmt::format("{}; one object a line was expected, such as {{\"input\": \"…\", "
                                         "\"expected\": \"…\"}}",
                                         excerpt_of(*object)));
    note_unknown(number, *object);
    CaseLine parts(*object);
    read(number, parts);
    if (!parts.problem().empty()) problem(number, parts.problem());
  }

  void problem(std::size_t number, std::string message) {
    if (problems_++ < kCaseProblems) cases_.problems.push_back({number, true, std::move(message)});
  }

  EvaluationCases done() {
    for (const auto& [key, place] : unknown_) {
      cases_.problems.push_back(
          {place.first, false,
           fmt::format("`{}` is no key of a case and is not read (in {} {}){}", key, place.second,
                       place.second == 1 ? "line" : "lines", did_you_mean(key, all_names()))});
    }
    std::ranges::sort(cases_.problems, {}, [](const CaseProblem& problem) {
      return std::tuple(problem.line, problem.fatal, std::string_view(problem.message));
    });
    if (problems_ > kCaseProblems)
      cases_.problems.push_back({0, true, fmt::format("{} more problems", problems_ - kCaseProblems)});
    if (problems_ == 0 && cases_.answers.empty() && cases_.retrievals.empty())
      cases_.problems.push_back({0, true, "there is no case; one object a line was expected"});
    return std::move(cases_);
  }

 private:
  void read(std::size_t number, CaseLine& parts) {
    const auto input = parts.value(kInput, case_input);
    const auto expected = parts.value(kExpected, case_expected);
    const auto relevant = parts.value(kRelevant, case_relevant);
    const auto inputs = parts.value(kInputs, read_inputs);
    const auto knowledge = parts.value(kKnowledge, read_knowledge);
    const std::string id = parts.value(kId, case_id).value_or(fmt::format("line {}", number));
    if (!parts.has(kExpected) && !parts.has(kRelevant))
      parts.fail_with(
          "there is neither `expected` (or `answers`, `ideal`) nor `relevant`: nothing can be measured");
    const bool asks = input || (inputs && !inputs->empty() && !relevant);
    if (!parts.has(kInput) && !asks) parts.fail_with("`input` (or `question`, `query`) was expected");
    if (const auto [place, is_new] = ids_.try_emplace(id, number); !is_new)
      parts.fail_with(fmt::format("id `{}` is that of line {}, too", id, place->second));
    if (!parts.problem().empty()) return;
    if (expected)
      cases_.answers.push_back({number, id, input.value_or(""), *expected, inputs.value_or(Json::object())});
    if (relevant) cases_.retrievals.push_back({number, id, *input, *relevant, knowledge.value_or("")});
  }

  void note_unknown(std::size_t number, const Json& object) {
    for (const auto& [key, value] : object.items()) {
      if (std::ranges::find(all_names(), key) != all_names().end()) continue;
      if (unknown_.size() >= kCaseProblems && !unknown_.contains(key)) continue;
      ++unknown_.try_emplace(key, number, 0).first->second.second;
    }
  }

  EvaluationCases cases_;
  std::map<std::string, std::size_t> ids_;                              // and their line
  std::map<std::string, std::pair<std::size_t, std::size_t>> unknown_;  // first line, number of lines
  std::size_t problems_ = 0;
};

}  // namespace

bool EvaluationCases::ok() const {
  return std::ranges::none_of(problems, &CaseProblem::fatal);
}

EvaluationCases read_cases(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  CaseFile file;
  std::size_t cases = 0;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = models::builtin::trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (++cases > kCases) {
      file.problem(number, fmt::format("is case {}; a file has at most {}", cases, kCases));
      break;
    }
    file.line(number, line);
  }
  return file.done();
}

std::string shown(const CaseProblem& problem) {
  return problem.line ? fmt::format("line {}: {}", problem.line, problem.message) : problem.message;
}

}  // namespace troupe::memory
