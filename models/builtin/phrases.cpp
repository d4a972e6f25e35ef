#include "models/builtin/phrases.h"

#include "models/builtin/korean_josa.h"

#include <fmt/format.h>

namespace troupe::models::builtin::phrases {

namespace {
bool ko(Language language) {
  return language == Language::korean;
}
}  // namespace

std::string calculate_thought(Language l) {
  return ko(l) ? "계산 문제이니 정확한 계산기에 맡긴다." : "Arithmetic; the calculator is exact.";
}
std::string recalculate_thought(Language l) {
  return ko(l) ? "계산기가 그 식을 받지 않았다. 더 단순하게 다시 써 본다."
               : "The calculator refused that spelling; once more in plainer terms.";
}
std::string clock_thought(Language l) {
  return ko(l) ? "시각과 날짜는 시계 도구가 안다." : "The time and date come from the clock tool.";
}
std::string search_thought(Language l, std::string_view tool, std::string_view query) {
  return ko(l) ? fmt::format("사실을 묻는 질문이다. {} 도구로 “{}”{} 찾아본다.", tool, query,
                             josa(query, "을", "를"))
               : fmt::format("A question of fact; {} can look up “{}”.", tool, query);
}
std::string page_thought(Language l, std::string_view title) {
  return ko(l) ? fmt::format("“{}” 문서가 가장 잘 맞는다. 읽어 본다.", title)
               : fmt::format("“{}” fits best; its page says more.", title);
}
std::string retry_thought(Language l, std::string_view tool) {
  return ko(l) ? fmt::format("답이 나오지 않았다. {} 도구로 한 번 더 찾아본다.", tool)
               : fmt::format("That gave no answer; one different attempt with {}.", tool);
}
std::string answer_thought(Language l) {
  return ko(l) ? "관찰한 내용으로 답한다." : "The observations are enough to answer.";
}
std::string no_tool_thought(Language l) {
  return ko(l) ? "규칙과 도구로 할 수 있는 일이 아니다." : "Rules and these tools cannot do this.";
}

std::string how_to_configure(Language l) {
  constexpr std::string_view kExample =
      "models:\n"
      "  main: { provider: openai, model: gpt-4o-mini, api_key: \"${OPENAI_API_KEY}\" }\n"
      "  local: { provider: openai, model: llama3.1, base_url: \"http://127.0.0.1:11434/v1\" }\n"
      "agents:\n"
      "  NAME: { model: main }";
  return ko(l) ? fmt::format(
                     "언어 모델을 쓰려면 설정 파일의 `models:`에 항목을 하나 추가하고(클라우드는 api_key, "
                     "로컬 서버는 base_url), "
                     "에이전트의 `model:`에 그 이름을 적으세요.\n\n{}",
                     kExample)
               : fmt::format(
                     "To use one, add an entry to `models:` in the configuration (an api_key for a hosted "
                     "model, or the "
                     "base_url of a local server) and name it in the agent's `model:`.\n\n{}",
                     kExample);
}

std::string needs_language_model(Language l) {
  return (ko(l) ? "이 요청에는 언어 모델이 필요합니다. 이 에이전트는 `builtin`으로 실행 중인데, `builtin`은 "
                  "언어 모델이 아니라 작은 규칙 모음이라 계산, "
                  "출처가 있는 검색, 시계 확인만 할 수 있습니다.\n\n"
                : "This needs a language model. This agent runs on `builtin`, which is none: a small set of "
                  "rules that can "
                  "calculate, look things up and quote the source, and read the clock.\n\n") +
         how_to_configure(l);
}

std::string part_needs_language_model(Language l, std::string_view part) {
  return ko(l) ? fmt::format("“{}”에는 언어 모델이 필요합니다.", part)
               : fmt::format("“{}” needs a language model.", part);
}

std::string abilities(Language l, const Offer& offer) {
  std::string out;
  auto add = [&](std::string_view what, std::string_view tools) {
    if (!out.empty()) out += ", ";
    out += fmt::format("{} ({})", what, tools);
  };
  if (const OfferedTool* tool = offer.calculator()) add(ko(l) ? "계산" : "calculate", tool->name());
  std::string names;
  for (const OfferedTool* tool : offer.lookups()) names += (names.empty() ? "" : ", ") + tool->name();
  if (!names.empty()) add(ko(l) ? "출처가 있는 검색" : "look things up and quote the source", names);
  if (const OfferedTool* tool = offer.clock())
    add(ko(l) ? "시각과 날짜 확인" : "tell the time and date", tool->name());
  if (out.empty())
    return ko(l) ? "이 에이전트에는 제가 쓸 수 있는 도구가 없습니다"
                 : "this agent has no tool that I can use";
  return out;
}

std::string greeting(Language l, std::string_view can) {
  return ko(l) ? fmt::format(
                     "안녕하세요. 저는 언어 모델이 아니라 규칙으로 움직이는 `builtin`입니다. 할 수 있는 일: "
                     "{}. 그 밖의 일에는 언어 모델을 설정하세요.",
                     can)
               : fmt::format(
                     "Hello. I am `builtin`, a set of rules and not a language model. What I can do here: "
                     "{}. For anything else, configure a language model.",
                     can);
}

std::string about_self(Language l, std::string_view can) {
  return ko(l) ? fmt::format(
                     "저는 Troupe에 들어 있는 `builtin`입니다. 언어 모델이 아니라 규칙으로 움직입니다. 할 수 "
                     "있는 일: {}.\n\n{}",
                     can, how_to_configure(l))
               : fmt::format(
                     "I am `builtin`, the rule-based planner that comes with Troupe; I am not a language "
                     "model. What I can do here: {}.\n\n{}",
                     can, how_to_configure(l));
}

std::string no_calculator(Language l, std::string_view expression) {
  return ko(l) ? fmt::format(
                     "{}: 계산기 도구가 있어야 계산할 수 있는데 이 에이전트에는 없습니다. `tools:`에 `type: "
                     "calculator` 도구를 추가하세요.",
                     expression)
               : fmt::format(
                     "{} takes a calculator tool, and this agent has none. Add one of `type: calculator` to "
                     "its tools.",
                     expression);
}
std::string no_clock(Language l) {
  return ko(l) ? "시각이나 날짜를 알려면 시계 도구가 있어야 하는데 이 에이전트에는 없습니다. `tools:`에 "
                 "`type: clock` 도구를 추가하세요."
               : "The time and date take a clock tool, and this agent has none. Add one of `type: clock` to "
                 "its tools.";
}
std::string no_search(Language l, std::string_view query) {
  return ko(l) ? fmt::format(
                     "“{}”{} 찾아보려면 검색 도구나 지식 검색 도구가 있어야 하는데 이 에이전트에는 없습니다. "
                     "`wikipedia`나 `tavily` 도구를 추가하거나 언어 모델을 설정하세요.",
                     query, josa(query, "을", "를"))
               : fmt::format(
                     "Looking up “{}” takes a search tool or a retriever, and this agent has none. Add a "
                     "`wikipedia` or `tavily` tool, or configure a language model.",
                     query);
}
std::string no_previous_number(Language l) {
  return ko(l) ? "이전에 답한 숫자가 없어서 무엇에 대해 계산할지 알 수 없습니다. 식을 모두 적어 주세요."
               : "There is no number from before to go on with. Please write the whole calculation.";
}
std::string unknown_reference(Language l) {
  return ko(l) ? "누구 또는 무엇을 가리키는지 알 수 없습니다. 이름을 적어 주세요."
               : "I cannot tell whom or what you mean. Please name it.";
}
std::string calculation_failed(Language l, std::string_view expression, std::string_view error) {
  return ko(l) ? fmt::format("{}: 계산기가 계산하지 못했습니다: {}", expression, error)
               : fmt::format("The calculator could not work out {}: {}", expression, error);
}
std::string clock_failed(Language l, std::string_view error) {
  return ko(l) ? fmt::format("시계 도구가 답하지 못했습니다: {}", error)
               : fmt::format("The clock tool failed: {}", error);
}
std::string clock_says(Language l, std::string_view output) {
  bool one_line = output.size() <= 120 && output.find('\n') == std::string_view::npos;
  if (!one_line)
    return ko(l) ? fmt::format("시계 도구의 답입니다: {}", output)
                 : fmt::format("The clock tool says: {}", output);
  return ko(l) ? fmt::format("지금은 {}입니다.", output) : fmt::format("It is {}.", output);
}
std::string unknown_place(Language l, std::string_view place) {
  return ko(l) ? fmt::format(
                     " (“{}”의 시간대 이름을 몰라 도구의 기본 시간대로 답했습니다. Asia/Seoul 같은 이름으로 "
                     "물어보세요.)",
                     place)
               : fmt::format(
                     " (In the clock's own zone: I do not know a time zone called “{}”. Ask with a name such "
                     "as Asia/Seoul.)",
                     place);
}
std::string search_failed(Language l, std::string_view query, std::string_view tools,
                          std::string_view error) {
  return ko(l) ? fmt::format("“{}”{} {}에서 찾으려 했지만 도구가 실패했습니다: {}", query,
                             josa(query, "을", "를"), tools, error)
               : fmt::format("I tried to look up “{}” with {}, and that failed: {}", query, tools, error);
}
std::string nothing_found(Language l, std::string_view query, std::string_view tools) {
  return ko(l) ? fmt::format("“{}”{} {}에서 찾아보았지만 답이 되는 내용이 없었습니다.", query,
                             josa(query, "을", "를"), tools)
               : fmt::format("I looked up “{}” with {} and found nothing that answers it.", query, tools);
}
std::string passages_do_not_say(Language l) {
  return ko(l) ? "찾은 구절에는 그 답이 없습니다." : "The passages that were found do not answer this.";
}
std::string closest_passage(Language l, std::string_view query) {
  return ko(l) ? fmt::format("“{}”에 바로 답하는 내용은 찾지 못했습니다. 가장 가까운 구절입니다:", query)
               : fmt::format("I found no direct answer to “{}”. The closest passage:", query);
}
std::string source(Language l, std::string_view title, std::string_view url, std::string_view tool) {
  std::string_view label = ko(l) ? "출처" : "Source";
  if (!title.empty() && !url.empty()) return fmt::format("{}: {} — {}", label, title, url);
  if (!title.empty()) return fmt::format("{}: {} ({})", label, title, tool);
  return fmt::format("{}: {}", label, url.empty() ? tool : url);
}
std::string step_refused(Language l, std::string_view reason) {
  return ko(l) ? fmt::format("제 단계가 받아들여지지 않아 더 진행할 수 없습니다: {}", reason)
               : fmt::format("My last step was refused, and I know no other way to put it: {}", reason);
}
std::string empty_question(Language l) {
  return ko(l) ? "질문이 비어 있습니다." : "The message has no question in it.";
}
std::string no_step_left(Language l, std::string_view part) {
  return ko(l) ? fmt::format("“{}”: 더 쓸 수 있는 단계가 없어 알아내지 못했습니다.", part)
               : fmt::format("“{}”: not found out, because no step was left for it.", part);
}
std::string more_asked(Language l) {
  return ko(l)
             ? fmt::format("한 번에 {}가지까지만 답합니다. 나머지는 따로 물어봐 주세요.", kAsksMax)
             : fmt::format("I answer at most {} things at a time; please ask the rest separately.", kAsksMax);
}

}  // namespace troupe::models::builtin::phrases
