#include "models/builtin/team_planner.h"

#include "models/builtin/passages.h"
#include "models/builtin/phrases.h"
#include "models/builtin/research_notes.h"
#include "models/builtin/schema_answer.h"
#include "models/builtin/shared_words.h"
#include "models/builtin/team_phrases.h"
#include "models/builtin/topic.h"
#include "models/builtin/utf8.h"
#include "models/builtin/verdict.h"
#include "models/builtin/words.h"
#include "models/builtin/write_up.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace troupe::models::builtin {

namespace {

constexpr std::size_t kDelegatedBytes = 48u << 10;  // of one task with what others gave
constexpr std::size_t kShownBytes = 200;
constexpr std::size_t kErrorBytes = 300;
constexpr std::size_t kFirstWords = 3;  // in which a person who refuses says so

std::string shown(std::string_view text, std::size_t bytes = kShownBytes) {
  const std::string_view cut = clip(trim(text), bytes);
  std::string line(cut);
  std::ranges::replace(line, '\n', ' ');
  return line + (cut.size() < trim(text).size() ? "…" : "");
}

bool wants_person(std::string_view text) {
  return contains_any(lower(text),
                      {"ask a person", "ask a human",   "ask the human", "ask the user", "ask the operator",
                       "ask somebody", "ask someone",   "approval",      "approve",      "confirm with",
                       "confirmation", "confirmed by",  "sign off",      "sign-off",     "승인",
                       "사람에게 물",  "사람에게 확인", "담당자에게",    "확인을 받",    "확인받"});
}

bool refuses(std::string_view answer) {
  static constexpr std::array<std::string_view, 13> kNo{"no",     "not",  "don't", "reject", "rejected",
                                                        "denied", "deny", "stop",  "never",  "아니요",
                                                        "아니오", "거절", "반려"};
  return std::ranges::any_of(words(answer, kFirstWords),
                             [](const Word& word) { return std::ranges::find(kNo, word.low) != kNo.end(); });
}

// "You are Senior researcher." → "Senior researcher"
std::string role_of(const Seat& seat) {
  std::string_view line = seat.role.substr(0, seat.role.find('\n'));
  if (line.starts_with("You are ")) line.remove_prefix(8);
  if (line.starts_with("You answer the user by working in steps"))
    return {};  // no role, but the form of steps
  while (line.ends_with('.')) line.remove_suffix(1);
  return shown(line);
}

}  // namespace

TeamPlanner::TeamPlanner(const Turn& turn, const TeamText& text, const Seat& seat, const Offer& offer,
                         const Zones& zones)
    : turn_(turn),
      text_(text),
      seat_(seat),
      offer_(offer),
      zones_(zones),
      language_(language_of(text.task)),
      told_(told_material(text)),
      used_(turn.observations.size()) {}

FinalAnswer TeamPlanner::answer(std::string text) const {
  return {
      turn_.observations.empty() ? phrases::material_thought(language_) : phrases::answer_thought(language_),
      std::move(text)};
}

const Observed* TeamPlanner::call(std::string_view tool, std::string thought, Json input) {
  for (std::size_t i = 0; i < turn_.observations.size(); ++i)
    if (!used_[i] && turn_.observations[i].tool == tool) {
      used_[i] = true;
      return &turn_.observations[i];
    }
  if (!turn_.last) pending_ = NextCall{std::move(thought), std::string(tool), std::move(input)};
  return nullptr;
}

Decision TeamPlanner::decide() {
  if (!turn_.correction.empty()) return Planner(turn_, offer_, zones_).decide();
  if (Step step = judge()) return std::move(*step);
  for (const auto rule : {&TeamPlanner::ask_person, &TeamPlanner::delegate, &TeamPlanner::hand_over,
                          &TeamPlanner::ask_colleague}) {
    if (Step step = (this->*rule)()) return std::move(*step);
    if (pending_) return std::move(*pending_);
  }
  if (!served())
    if (Step step = own_words()) return std::move(*step);
  return Planner(turn_, offer_, zones_).decide();
}

TeamPlanner::Step TeamPlanner::judge() const {
  switch (text_.asks) {
    case TeamAsk::speaker:
      if (text_.listed.empty()) return std::nullopt;
      return answer(text_.as_json ? dump(Json{{"speaker", next_speaker(text_)}}) : next_speaker(text_));
    case TeamAsk::verdict:
      return answer(verdict_text(text_));
    case TeamAsk::decision:
      return answer(decision_text(text_));
    case TeamAsk::task:
    case TeamAsk::turn:
    case TeamAsk::debate:
    case TeamAsk::charge:
      break;
  }
  return std::nullopt;
}

TeamPlanner::Step TeamPlanner::ask_person() {
  const OfferedTool* tool = offer_.person();
  if (!tool || !wants_person(fmt::format("{}\n{}\n{}", text_.task, text_.expected, seat_.role)))
    return std::nullopt;
  const Observed* said =
      call(tool->name(), phrases::ask_person_thought(language_),
           tool->question_input(phrases::person_question(language_, shown(text_.task, 1'000))));
  if (!said) return std::nullopt;
  person_ = phrases::person_said(language_, shown(said->text));
  const bool nothing_else = told_.empty() && !served() && !offer_.reaching("delegate");
  if (!said->ok || refuses(said->text) || nothing_else) return answer(person_);
  return std::nullopt;
}

TeamPlanner::Step TeamPlanner::delegate() {
  const ColleagueTool* tool = offer_.reaching("delegate");
  const bool leads = text_.asks == TeamAsk::charge;
  if (!tool || (!leads && (served() || !told_.empty()))) return std::nullopt;
  const std::string task = text_.request.empty() ? text_.task : text_.task + "\n\n" + text_.request;
  const auto needed = needed_for(task, tool->colleagues);
  if (!text_.returned.empty()) return delegate_again(*tool, *needed.back());
  std::vector<Material> given = told_;
  const std::size_t before = given.size();
  std::string errors;
  for (const Listed* one : needed) {
    Json input{{"to", one->name}, {"task", task_with_material(task, given, kDelegatedBytes)}};
    if (one == needed.back() && !text_.expected.empty()) input["expected_output"] = text_.expected;
    const Observed* seen =
        call(tool->name, phrases::delegate_thought(language_, one->name), std::move(input));
    if (pending_) return std::nullopt;
    if (!seen) break;  // no call is left
    if (seen->ok)
      given.push_back({.of = fmt::format("`{}`", one->name), .by = {}, .text = seen->text});
    else
      errors +=
          fmt::format("{}{}: {}", errors.empty() ? "" : "; ", one->name, shown(seen->text, kErrorBytes));
  }
  if (given.size() == before) return answer(phrases::nobody_gave(language_, errors));
  if (given.size() == before + 1 || works_from_material(*needed.back())) return answer(given.back().text);
  std::string all;
  for (std::size_t i = before; i < given.size(); ++i)
    all += fmt::format("{}{}:\n{}", i == before ? "" : "\n\n", given[i].of, given[i].text);
  return answer(std::move(all));
}

// Once, to who gave the result, with what was given before.
TeamPlanner::Step TeamPlanner::delegate_again(const ColleagueTool& tool, const Listed& last) {
  std::vector<Material> before;
  for (const Material& said : text_.material)
    if (std::string text = phrases::told_in(said.text); !text.empty())
      before = {{.of = "the work before", .by = {}, .text = std::move(text)}};
  const std::string task =
      fmt::format("{}\n\n{}", text_.task, phrases::not_accepted(language_, shown(text_.returned, 2'000)));
  Json input{{"to", last.name}, {"task", task_with_material(task, before, kDelegatedBytes)}};
  if (!text_.expected.empty()) input["expected_output"] = text_.expected;
  const Observed* seen = call(tool.name, phrases::return_thought(language_, last.name), std::move(input));
  if (pending_) return std::nullopt;
  if (seen && seen->ok) return answer(seen->text);
  if (!before.empty()) return answer(before.back().text);
  return answer(phrases::nobody_gave(language_, seen ? shown(seen->text, kErrorBytes) : ""));
}

TeamPlanner::Step TeamPlanner::hand_over() {
  const ColleagueTool* tool = offer_.reaching("handoff");
  if (!tool || served() || turn_.last) return std::nullopt;
  const auto fits = fitness(text_.task, tool->colleagues);
  const std::size_t own = shared(content_stems(text_.task, kWordsWanted), content_stems(seat_.role));
  const Listed* best = nullptr;
  std::size_t most = 2 * own;  // clearly more: twice as many, and one at least
  for (std::size_t i = 0; i < fits.size(); ++i) {
    const Listed& one = tool->colleagues[i];
    if (std::ranges::find(text_.closed, one.name) != text_.closed.end()) continue;
    if (fits[i] > most || (own > 0 && !best && fits[i] == most)) best = &one, most = fits[i];
  }
  if (!best) return std::nullopt;
  const Observed* seen = call(
      tool->name, phrases::handoff_thought(language_, best->name),
      {{"to", best->name}, {"reason", phrases::handoff_reason(language_, best->name, shown(text_.task))}});
  // It ends the work; an observation says that it was refused, and the answer is its own then.
  return seen ? Step() : std::nullopt;
}

TeamPlanner::Step TeamPlanner::ask_colleague() {
  const ColleagueTool* tool = offer_.reaching("ask");
  if (!tool || text_.asks == TeamAsk::debate) return std::nullopt;
  const std::vector<Word> said = words(text_.task);
  for (const Listed& one : tool->colleagues) {
    const bool named = std::ranges::any_of(said, [&](const Word& word) {
      return word.low == lower(one.name) || strip_particle(word.low) == lower(one.name);
    });
    if (!named) continue;
    const Observed* seen = call(tool->name, phrases::ask_thought(language_, one.name),
                                {{"to", one.name}, {"question", text_.task}});
    if (seen && seen->ok) return answer(seen->text);
    return std::nullopt;
  }
  return std::nullopt;
}

bool TeamPlanner::served() const {
  const Inquiry inquiry = read_inquiry(text_.task, {});
  return !inquiry.asks.empty() && std::ranges::all_of(inquiry.asks, [&](const Ask& ask) {
    return (ask.kind == AskKind::arithmetic && offer_.calculator()) ||
           (ask.kind == AskKind::clock && offer_.clock()) ||
           (ask.kind == AskKind::lookup && !offer_.lookups().empty());
  });
}

// What others gave, the topic looked up, or where it stands; nothing where the Planner has more to say.
TeamPlanner::Step TeamPlanner::own_words() const {
  std::string text;
  if (Step step = yes_or_no()) return step;
  if (text_.asks != TeamAsk::debate) {
    text = write_up(text_);
    if (const auto inner = with_inner_material(text_); inner && text.empty() && offer_.lookups().empty())
      text = write_up(*inner);
  }
  if (!person_.empty()) text += (text.empty() ? "" : "\n\n") + person_;
  if (!text.empty()) return answer(std::move(text));
  if (told_.empty() && offer_.lookups().empty())
    for (const Material& given : text_.material)
      if (!given.own && !given.of.empty())
        return answer(phrases::nothing_to_write(language_, shown(given.text, kErrorBytes)));
  Subject topic = topic_of(text_.position.empty() ? text_.task : text_.position);
  if (topic.query.empty()) topic = topic_of(text_.request);
  if (!topic.query.empty() && !offer_.lookups().empty()) {
    return look_up(topic);
  }
  if (text_.asks == TeamAsk::debate && !text_.position.empty()) return answer(position());
  const Inquiry inquiry = read_inquiry(text_.task, {});
  const bool beyond =
      std::ranges::all_of(inquiry.asks, [](const Ask& ask) { return ask.kind == AskKind::language_model; });
  if (text_.asks == TeamAsk::debate || (text_.asks == TeamAsk::turn && beyond))
    return answer(phrases::sits_as(language_, seat_.name, role_of(seat_), shown(text_.task)));
  return std::nullopt;
}

// "Say yes, or what is wrong: …"
TeamPlanner::Step TeamPlanner::yes_or_no() const {
  const auto inner = with_inner_material(text_);
  const TeamText& asked = inner ? *inner : text_;
  if (!contains_any(lower(asked.task),
                    {"say yes", "answer yes", "reply yes", "yes or no", "예라고", "예 또는"}))
    return std::nullopt;
  std::string heard;
  for (const Material& given : told_material(asked)) heard.append(given.text) += '\n';
  if (heard.empty()) return std::nullopt;
  const bool well = says_well(heard).value_or(false);
  return answer(phrases::yes_or_no(language_, well, why_well(heard)));
}

Decision TeamPlanner::look_up(const Subject& topic) const {
  Inquiry inquiry{.language = language_, .asks = {{.kind = AskKind::lookup}}};
  inquiry.asks.front().subject = topic;
  Decision decision = Planner(turn_, offer_, zones_).decide(inquiry);
  auto* found = std::get_if<FinalAnswer>(&decision);
  if (!found || phrases::told_in(found->text).empty()) return decision;
  // Others are to work with it, so more than the one answer is given.
  std::vector<Passage> passages;
  for (const Observed& seen : turn_.observations)
    if (seen.ok) std::ranges::move(read_passages(seen.text), std::back_inserter(passages));
  if (std::string notes = research_notes(topic, passages); !notes.empty()) found->text = std::move(notes);
  return decision;
}

// Its position, and what the last of the others said against it.
std::string TeamPlanner::position() const {
  std::string text = phrases::position_of(language_, seat_.name, text_.position);
  if (!told_.empty()) {
    const std::vector<Material> last{told_.back()};
    const std::string stated = phrases::position_of(language_, last[0].by, "");
    for (const Telling& one : most_telling(last, text_.task, 1)) {
      const std::size_t front = one.text.starts_with(stated) ? stated.size() : 0;
      text += "\n" + phrases::held_against(language_, last[0].by, shown(one.text.substr(front)));
    }
  }
  return text + "\n" + phrases::argues_nothing(language_);
}

}  // namespace troupe::models::builtin
