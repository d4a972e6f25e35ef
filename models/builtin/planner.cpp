#include "models/builtin/planner.h"

#include "models/builtin/phrases.h"
#include "models/builtin/utf8.h"
#include "models/builtin/words.h"

#include <algorithm>

namespace troupe::models::builtin {

namespace {

constexpr double kAnswers = 0.55;  // an excerpt this good is an answer
constexpr double kIsClose = 0.3;   // and this good is worth showing with a word of caution
constexpr std::size_t kErrorBytes = 300;
constexpr std::size_t kAskedBytes = 120;

// "17.5% of 2480 = 434" and {"result": 434} are both 434.
std::string result_of(std::string_view output) {
  std::string_view text = trim(output);
  if (text.starts_with('{'))
    if (auto object = parse_json(text); object && object->is_object())
      for (std::string_view key : {"result", "value", "answer", "output"})
        if (const Json* value = find(*object, key))
          return value->is_string() ? value->get<std::string>() : dump(*value);
  if (std::size_t at = text.rfind(" = ");
      at != std::string_view::npos && text.find('\n') == std::string_view::npos)
    text = trim(text.substr(at + 3));
  return std::string(text);
}

std::string brief(std::string_view text) {
  std::string_view cut = clip(trim(text), kErrorBytes);
  return std::string(cut) + (cut.size() < trim(text).size() ? "…" : "");
}

// Whether the search itself brought the page's text, and not only a line about it.
bool is_read(const std::vector<Passage>& passages, const std::string& title) {
  const bool alone = std::ranges::count_if(passages, [](const Passage& p) { return !p.text.empty(); }) == 1;
  return std::ranges::any_of(passages, [&](const Passage& p) {
    const bool whole = alone || p.text.size() > 240;  // a short page comes alone
    return p.title == title && whole && sentences(p.text, 2).size() == 2;
  });
}

}  // namespace

Planner::Planner(const Turn& turn, const Offer& offer, const Zones& zones)
    : turn_(turn), offer_(offer), zones_(zones), used_(turn.observations.size()) {}

Earlier Planner::earlier() const {
  Earlier earlier;
  earlier.number = last_number(turn_.last_answer);
  // Oldest first, so that "she" in one follow-up reaches through another.
  for (std::size_t i = turn_.questions.size(); i-- > 0;)
    for (const Ask& ask : read_inquiry(turn_.questions[i], earlier).asks)
      if (ask.kind == AskKind::lookup && !ask.subject.query.empty()) earlier.subject = ask.subject;
  return earlier;
}

Decision Planner::decide() {
  return decide(read_inquiry(turn_.question, earlier()));
}

Decision Planner::decide(const Inquiry& inquiry) {
  language_ = inquiry.language;
  number_ = last_number(turn_.last_answer);
  if (!turn_.correction.empty())
    return FinalAnswer{phrases::no_tool_thought(language_),
                       phrases::step_refused(language_, brief(turn_.correction))};
  if (inquiry.asks.empty())
    return FinalAnswer{phrases::no_tool_thought(language_), phrases::empty_question(language_)};
  std::vector<Part> parts;
  for (const Ask& ask : inquiry.asks) {
    std::optional<Part> part = solve(ask);
    if (!part && !turn_.last) return std::move(*pending_);
    if (!part) part = Part{phrases::no_step_left(language_, clip(ask.text, kAskedBytes))};
    parts.push_back(std::move(*part));
  }
  return compose(inquiry, parts);
}

std::optional<Planner::Part> Planner::solve(const Ask& ask) {
  switch (ask.kind) {
    case AskKind::arithmetic:
      return solve_arithmetic(ask);
    case AskKind::clock:
      return solve_clock(ask);
    case AskKind::lookup:
      return solve_lookup(ask);
    case AskKind::greeting:
      return Part{phrases::greeting(language_, phrases::abilities(language_, offer_))};
    case AskKind::about_self:
      return Part{phrases::about_self(language_, phrases::abilities(language_, offer_))};
    case AskKind::language_model:
      break;
  }
  std::string_view asked = clip(ask.text, kAskedBytes);
  return Part{phrases::part_needs_language_model(language_, asked), phrases::needs_language_model(language_),
              true};
}

std::optional<Planner::Part> Planner::solve_arithmetic(const Ask& ask) {
  Arithmetic sum = ask.arithmetic;
  if (sum.needs_previous) {
    // "What is 2 + 2, and what is it times 3?": the number may come from a part of this very message
    auto again = number_ ? read_arithmetic(ask.text, *number_) : std::nullopt;
    if (!again) return Part{phrases::no_previous_number(language_)};
    sum = std::move(*again);
  }
  const OfferedTool* tool = offer_.calculator();
  if (!tool) return Part{phrases::no_calculator(language_, sum.expression)};
  const Observed* seen =
      perform(phrases::calculate_thought(language_), *tool, tool->expression_input(sum.expression));
  if (!seen) return std::nullopt;
  if (!seen->ok && sum.plain != sum.expression) {
    const Observed* again =
        perform(phrases::recalculate_thought(language_), *tool, tool->expression_input(sum.plain));
    if (!again) return std::nullopt;
    // The first refusal says more than the second when both failed.
    if (again->ok) seen = again;
  }
  if (!seen->ok) return Part{phrases::calculation_failed(language_, sum.expression, brief(seen->text))};
  std::string result = result_of(seen->text);
  if (auto found = last_number(result)) number_ = found;
  return Part{sum.expression + " = " + result, result};
}

std::optional<Planner::Part> Planner::solve_clock(const Ask& ask) {
  const OfferedTool* tool = offer_.clock();
  if (!tool) return Part{phrases::no_clock(language_)};
  std::string zone = tool->zone_argument().empty() ? "" : zones_.find(ask.place);
  const Observed* seen = perform(phrases::clock_thought(language_), *tool, tool->clock_input(zone));
  if (!seen) return std::nullopt;
  if (!seen->ok) return Part{phrases::clock_failed(language_, brief(seen->text))};
  std::string said = phrases::clock_says(language_, trim(seen->text));
  if (!ask.place.empty() && zone.empty()) said += phrases::unknown_place(language_, ask.place);
  return Part{std::move(said)};
}

std::optional<Planner::Part> Planner::solve_lookup(const Ask& ask) {
  const Subject& subject = ask.subject;
  if (subject.query.empty()) return Part{phrases::unknown_reference(language_)};
  std::vector<const OfferedTool*> tools = offer_.lookups(ask.preferred);
  if (tools.empty()) return Part{phrases::no_search(language_, subject.query)};

  const OfferedTool* tool = tools.front();
  std::string names = tool->name();
  auto first = consult(*tool, subject, phrases::search_thought(language_, tool->name(), subject.query));
  if (!first) return std::nullopt;
  Consulted best = std::move(*first);
  std::string from = tool->name();

  if (!best.excerpt || best.excerpt->score < kAnswers) {
    // One different attempt: another tool, or only the name that was asked about.
    Subject narrowed = subject;
    const OfferedTool* other = tools.size() > 1 ? tools[1] : tool;
    bool different = other != tool;
    if (!different && !subject.entity.empty() && subject.entity != subject.query) {
      narrowed.query = subject.entity;
      different = true;
    }
    if (different) {
      auto second = consult(*other, narrowed, phrases::retry_thought(language_, other->name()));
      if (!second) return std::nullopt;
      if (other != tool) names += ", " + other->name();
      if (second->excerpt && (!best.excerpt || second->excerpt->score > best.excerpt->score)) {
        best = std::move(*second);
        from = other->name();
      } else if (best.error.empty()) {
        best.error = second->error;
      }
    }
  }
  if (!best.excerpt || best.excerpt->score < kIsClose) {
    if (!best.error.empty())
      return Part{phrases::search_failed(language_, subject.query, names, brief(best.error))};
    return Part{phrases::nothing_found(language_, subject.query, names)};
  }
  std::string text;
  if (best.excerpt->score < kAnswers) text = phrases::closest_passage(language_, subject.query) + "\n";
  text += best.excerpt->text;
  if (best.excerpt->number > 0) text += fmt::format(" [{}]", best.excerpt->number);
  text += "\n" + phrases::source(language_, best.excerpt->title, best.excerpt->url, from);
  return Part{std::move(text)};
}

std::optional<Planner::Consulted> Planner::consult(const OfferedTool& tool, const Subject& subject,
                                                   std::string thought) {
  const Observed* search = perform(std::move(thought), tool, tool.search_input(subject.query));
  if (!search) return std::nullopt;
  Consulted consulted;
  if (!search->ok) {
    consulted.error = search->text;
    return consulted;
  }
  std::vector<Passage> found = read_passages(search->text);
  Excerpt excerpt = best_excerpt(found, subject);
  std::string title = tool.has_pages() ? best_title(found, subject) : "";
  if (!title.empty() && is_read(found, title)) title.clear();
  if (!title.empty()) {
    const Observed* page = perform(phrases::page_thought(language_, title), tool, tool.page_input(title));
    if (!page) return std::nullopt;
    if (page->ok) {
      std::vector<Passage> read = read_passages(page->text);
      // A page is all about its title; what the search said of it fills in what the page leaves out.
      for (Passage& passage : read) {
        if (passage.title.empty()) passage.title = title;
        for (const Passage& hit : found)
          if (passage.url.empty() && hit.title == passage.title) passage.url = hit.url;
      }
      Excerpt better = best_excerpt(read, subject);
      if (better.score >= excerpt.score) excerpt = std::move(better);
    } else if (excerpt.text.empty()) {
      consulted.error = page->text;
    }
  }
  if (!excerpt.text.empty()) consulted.excerpt = std::move(excerpt);
  return consulted;
}

const Observed* Planner::perform(std::string thought, const OfferedTool& tool, Json input) {
  for (std::size_t i = 0; i < turn_.observations.size(); ++i)
    if (!used_[i] && turn_.observations[i].tool == tool.name()) {
      used_[i] = true;
      return &turn_.observations[i];
    }
  pending_ = NextCall{std::move(thought), tool.name(), std::move(input)};
  return nullptr;
}

FinalAnswer Planner::compose(const Inquiry& inquiry, const std::vector<Part>& parts) const {
  bool all_beyond = std::ranges::all_of(parts, &Part::needs_language_model);
  bool some_beyond = std::ranges::any_of(parts, &Part::needs_language_model);
  FinalAnswer answer{all_beyond ? phrases::no_tool_thought(language_) : phrases::answer_thought(language_),
                     ""};
  if (all_beyond) {
    answer.text = phrases::needs_language_model(language_);
    return answer;
  }
  for (const Part& part : parts) {
    if (!answer.text.empty()) answer.text += "\n\n";
    answer.text += parts.size() == 1 && !part.alone.empty() ? part.alone : part.text;
  }
  if (some_beyond) answer.text += "\n\n" + phrases::how_to_configure(language_);
  if (inquiry.more_asked) answer.text += "\n\n" + phrases::more_asked(language_);
  return answer;
}

}  // namespace troupe::models::builtin
