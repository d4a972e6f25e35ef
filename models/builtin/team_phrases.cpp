#include "models/builtin/team_phrases.h"

#include "models/builtin/phrases.h"
#include "models/builtin/utf8.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

namespace troupe::models::builtin::phrases {

namespace {

bool ko(Language language) {
  return language == Language::korean;
}

// Parts of phrases.cpp that say there is nothing; the names in them vary.
constexpr std::array<std::string_view, 13> kNothing{
    "`builtin`",
    "takes a search tool or a retriever, and this agent has none",
    "and found nothing that answers it.",
    "I tried to look up “",
    "The passages that were found do not answer this.",
    "I cannot tell whom or what you mean.",
    "needs a language model.",
    "찾은 구절에는 그 답이 없습니다.",
    "답이 되는 내용이 없었습니다.",
    "검색 도구나 지식 검색 도구가 있어야 하는데",
    "찾으려 했지만 도구가 실패했습니다",
    "무엇을 가리키는지 알 수 없습니다.",
    "언어 모델이 필요합니다."};

// Such a line is followed by a passage that is about something else.
constexpr std::array<std::string_view, 2> kClosest{
    "I found no direct answer to “", "바로 답하는 내용은 찾지 못했습니다. 가장 가까운 구절입니다:"};

bool has_any(std::string_view line, std::span<const std::string_view> parts) {
  return std::ranges::any_of(parts, [&](std::string_view part) { return line.contains(part); });
}

void erase_all(std::string& text, const std::string& part) {
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at))
    text.erase(at, part.size());
}

}  // namespace

std::string delegate_thought(Language l, std::string_view to) {
  return ko(l) ? fmt::format("과제의 낱말과 설명을 견주어 {}에게 맡긴다.", to)
               : fmt::format("By the words of the task and the descriptions, {} does this next.", to);
}
std::string return_thought(Language l, std::string_view to) {
  return ko(l) ? fmt::format("결과가 받아들여지지 않았다. 이유와 함께 {}에게 한 번 더 맡긴다.", to)
               : fmt::format("The result was not accepted; once more to {}, with the reasons.", to);
}
std::string handoff_thought(Language l, std::string_view to) {
  return ko(l) ? fmt::format("이 메시지의 낱말은 내 역할보다 {}의 설명에 더 맞는다.", to)
               : fmt::format("The message shares more words with what {} does than with my own role.", to);
}
std::string handoff_reason(Language l, std::string_view to, std::string_view message) {
  return ko(l) ? fmt::format("{}의 설명에 더 맞는 요청입니다: “{}”", to, message)
               : fmt::format("the request fits the description of {} better: “{}”", to, message);
}
std::string ask_thought(Language l, std::string_view to) {
  return ko(l) ? fmt::format("메시지가 {}의 이름을 부르므로 그에게 묻는다.", to)
               : fmt::format("The message names {}, who is asked.", to);
}
std::string ask_person_thought(Language l) {
  return ko(l) ? "과제가 사람에게 묻거나 승인을 받으라고 한다."
               : "The task says that a person is to be asked.";
}
std::string material_thought(Language l) {
  return ko(l) ? "다른 사람이 준 자료에서 골라 적는다." : "What others gave has what there is to say.";
}

std::string not_accepted(Language l, std::string_view reason) {
  return ko(l) ? fmt::format("앞의 결과는 받아들여지지 않았습니다. 이유: {}", reason)
               : fmt::format("The result before was not accepted: {}", reason);
}
std::string nobody_gave(Language l, std::string_view errors) {
  return ko(l) ? fmt::format("`builtin`이 일을 맡겼지만 아무도 결과를 주지 않았습니다. {}", errors)
               : fmt::format("`builtin` delegated this, and nobody gave a result. {}", errors);
}
std::string person_question(Language l, std::string_view task) {
  return ko(l) ? fmt::format("이 과제는 당신의 답이나 승인을 필요로 합니다: “{}” 어떻게 할까요?", task)
               : fmt::format("This needs your answer or approval: “{}” What do you say?", task);
}
std::string person_said(Language l, std::string_view answer) {
  return ko(l) ? fmt::format("사람에게 물었고 답은 이렇습니다: “{}”", answer)
               : fmt::format("A person was asked and said: “{}”", answer);
}
std::string nothing_to_write(Language l, std::string_view given) {
  return ko(l) ? fmt::format("`builtin`이 옮겨 적을 만한 것이 받은 자료에 없습니다: “{}”", given)
               : fmt::format("What others gave holds nothing that `builtin` could write up: “{}”", given);
}
std::string written_by_rules(Language l) {
  return ko(l) ? "(`builtin`이 자료에서 문장을 골라 적었습니다. 언어 모델이면 더 잘 씁니다.)"
               : "(Picked from the material by `builtin`; a language model would write it better.)";
}
std::string sources_label(Language l) {
  return ko(l) ? "출처:" : "Sources:";
}
std::string said_by(Language l, std::string_view who) {
  return ko(l) ? fmt::format("{}의 말", who) : fmt::format("what {} said", who);
}

std::string position_of(Language l, std::string_view name, std::string_view position) {
  return ko(l) ? fmt::format("{}의 입장: {}", name, position)
               : fmt::format("The position of {}: {}", name, position);
}
std::string held_against(Language l, std::string_view name, std::string_view sentence) {
  return ko(l) ? fmt::format("{}의 말을 `builtin`이 옮기면: “{}”", name, sentence)
               : fmt::format("{} says, as `builtin` quotes it: “{}”", name, sentence);
}
std::string argues_nothing(Language l) {
  return ko(l) ? "(`builtin`은 입장을 적을 뿐 논증하지 않습니다. 논증에는 언어 모델이 있어야 합니다.)"
               : "(`builtin` states positions and argues nothing; that takes a language model.)";
}
std::string sits_as(Language l, std::string_view name, std::string_view role, std::string_view task) {
  const std::string who = role.empty() ? std::string(name) : fmt::format("{} ({})", name, role);
  return ko(l) ? fmt::format(
                     "{} 자리에는 `builtin`이 있는데, “{}”에 쓸 도구도 자료도 없습니다. 언어 모델이 "
                     "필요합니다.",
                     who, task)
               : fmt::format(
                     "In the place of {} sits `builtin`, which has neither a tool nor material for “{}”: "
                     "that takes a language model.",
                     who, task);
}

std::string decided_for(Language l, std::string_view name, std::size_t words, std::size_t facts, bool tie) {
  if (ko(l))
    return fmt::format(
        "{}의 손을 듭니다. `builtin`의 규칙이지 판단이 아닙니다: 질문의 낱말 {}개, 숫자와 출처 "
        "{}개로 {}.",
        name, words, facts, tie ? "다른 쪽과 같아서 먼저 말한 쪽을 골랐습니다" : "가장 많습니다");
  return fmt::format(
      "For {}. This is a rule of `builtin` and not a judgement: with {} words of the question and "
      "{} numbers and citations, what {} said has {}.",
      name, words, facts, name, tie ? "as much as another, and was said first" : "the most of both together");
}
std::string decided_for_nobody(Language l) {
  return ko(l) ? "아무 쪽도 아닙니다. `builtin`의 규칙은 논거를 세는데, 셀 것이 없었습니다. 판단에는 언어 "
                 "모델이 "
                 "필요합니다."
               : "For nobody. `builtin` goes by a rule that counts what was brought forward, and nothing "
                 "was; a "
                 "judgement takes a language model.";
}
std::string yes_or_no(Language l, bool yes, std::string_view why) {
  return ko(l) ? fmt::format("{}. 근거: {}", yes ? "예" : "아니요", why)
               : fmt::format("{}. By rule, because of: {}", yes ? "Yes" : "No", why);
}
std::string says_neither(Language l) {
  return ko(l) ? "괜찮은지 아닌지를 말하는 낱말이 없고, 규칙은 그런 낱말 없이 통과시키지 않습니다."
               : "No word in it says whether it is well, and a rule lets nothing through without one.";
}
std::string what_it_said(Language l, std::string_view name) {
  return ko(l) ? fmt::format("{}의 논거:", name) : fmt::format("What {} brought forward:", name);
}

std::string told_in(std::string_view text) {
  std::string rest(text);
  for (const Language l : {Language::english, Language::korean}) {
    erase_all(rest, needs_language_model(l));
    erase_all(rest, how_to_configure(l));
  }
  std::string told;
  std::string_view left = rest;
  bool closest = false;
  while (!left.empty()) {
    const std::size_t end = left.find('\n');
    const std::string_view line = left.substr(0, end);
    left.remove_prefix(end == left.npos ? left.size() : end + 1);
    if (trim(line).empty()) closest = false;
    closest = closest || has_any(line, kClosest);
    if (closest || has_any(line, kNothing)) continue;
    told.append(line) += '\n';
  }
  return std::string(trim(told));
}

}  // namespace troupe::models::builtin::phrases
