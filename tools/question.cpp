#include "tools/question.h"

#include "tools/observation.h"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr const char* kQuestion = "question";
constexpr const char* kOptions = "options";
constexpr const char* kAnswer = "answer";
constexpr std::size_t kOptionsMax = 20;  // more is no choice for a person
constexpr std::size_t kShownBytes = 80;  // of each text in an error

std::string listed(const std::vector<std::string>& options) {
  std::string list;
  for (const std::string& option : options)
    list += fmt::format("{}{}", list.empty() ? "" : ", ", dump(std::string(beginning(option, kShownBytes))));
  return list;
}

}  // namespace

Question question_of(const Json& input) {
  Question question{.text = string_or(input, kQuestion), .options = {}};
  if (const Json* options = find(input, kOptions); options && options->is_array())
    for (const Json& option : *options)
      if (option.is_string()) question.options.push_back(option.get<std::string>());
  return question;
}

std::string question_schema() {
  return dump({{"type", "object"},
               {"properties",
                {{kQuestion,
                  {{"type", "string"},
                   {"minLength", 1},
                   {"description", "the question, with what the person needs to know to answer it"}}},
                 {kOptions,
                  {{"type", "array"},
                   {"items", {{"type", "string"}, {"minLength", 1}}},
                   {"maxItems", kOptionsMax},
                   {"description", "the answers to choose from; leave it out where any text will do"}}},
                 {kAnswer, {{"type", "string"}, {"description", "leave it out: the person gives it"}}}}},
               {"required", Json::array({kQuestion})},
               {"additionalProperties", false}});
}

std::string answer_of(const Json& input) {
  return string_or(input, kAnswer);
}

bool take_out_answer(Json& input) {
  return input.is_object() && input.erase(kAnswer) > 0;
}

Result<Json> answered(const Json& asked, const std::optional<Json>& given) {
  if (given && !given->is_object())
    return fail(ErrorCode::invalid, R"(the input must be an object: {"answer": "…"})");
  const Json* answer = given ? find(*given, kAnswer) : nullptr;
  if (!answer)
    return fail(ErrorCode::invalid,
                R"(it is a question, so approve it with an answer: "input": {"answer": "…"}; or deny it)");
  for (const auto& [key, value] : given->items()) {
    if (key == kAnswer) continue;
    const Json* same = find(asked, key);
    if (!same || *same != value)
      return fail(ErrorCode::invalid,
                  fmt::format("only the `answer` can be given, and `{}` is not as it was asked; leave it out",
                              beginning(key, kShownBytes)));
  }
  if (!answer->is_string())
    return fail(ErrorCode::invalid, fmt::format("the `answer` must be a text, not {}", answer->type_name()));
  const auto& text = answer->get_ref<const std::string&>();
  if (text.find_first_not_of(" \t\r\n") == text.npos)
    return fail(ErrorCode::invalid, "the `answer` is empty; deny the call to give none");
  const Question question = question_of(asked);
  if (!question.options.empty() && std::ranges::find(question.options, text) == question.options.end())
    return fail(ErrorCode::invalid,
                fmt::format("the `answer` {} is none of the options: {}",
                            dump(std::string(beginning(text, kShownBytes))), listed(question.options)));
  Json whole = asked;
  whole[kAnswer] = text;
  return whole;
}

}  // namespace troupe::tools
