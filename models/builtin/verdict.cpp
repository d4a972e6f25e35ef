#include "models/builtin/verdict.h"

#include "models/builtin/shared_words.h"
#include "models/builtin/team_phrases.h"
#include "models/builtin/topic.h"
#include "models/builtin/utf8.h"
#include "models/builtin/wanted_form.h"
#include "models/builtin/words.h"
#include "models/builtin/write_up.h"
#include "runtime/base/json.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::models::builtin {

namespace {

constexpr std::size_t kMissingShown = 8;
constexpr std::size_t kQuoted = 3;  // sentences of who won

bool has_line(std::string_view text, std::initializer_list<std::string_view> begins) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    if (std::ranges::any_of(begins, [&](std::string_view begin) { return line.starts_with(begin); }))
      return true;
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return false;
}

bool names_sources(std::string_view text) {
  if (contains_any(text, {"Source", "출처", "http://", "https://"})) return true;
  for (std::size_t at = text.find('['); at != text.npos; at = text.find('[', at + 1))
    if (at + 1 < text.size() && is_digit(text[at + 1])) return true;
  return false;
}

std::vector<std::string> missing_forms(std::string_view work, std::string_view expected) {
  const std::string order = lower(expected);
  std::vector<std::string> missing;
  if (wants_list(order) && !has_line(work, {"- ", "* ", "• ", "1. ", "1) "})) missing.emplace_back("a list");
  if (contains_any(order, {"source", "cited", "citation", "출처"}) && !names_sources(work))
    missing.emplace_back("sources");
  if (contains_any(order, {"markdown", "heading", "report", "보고서"}) && !has_line(work, {"#"}))
    missing.emplace_back("a heading");
  return missing;
}

std::size_t facts_in(std::string_view text) {
  std::set<std::string> facts;
  for (const Word& word : words(text))
    if (is_digit(word.text.front())) facts.insert(word.low);
  for (const std::string_view mark : {"http://", "https://"})
    for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark, at + 1))
      facts.emplace(text.substr(at, text.find_first_of(" \n)", at) - at));
  return facts.size();
}

bool names(std::string_view text, std::string_view name) {
  return std::ranges::any_of(words(text), [&](const Word& word) {
    return word.low == lower(name) || strip_particle(word.low) == lower(name);
  });
}

}  // namespace

Verdict verdict_on(std::string_view work, std::string_view expected, std::string_view task) {
  if (phrases::told_in(work).empty())
    return {false,
            trim(work).empty() ? "there is no result" : "the result says only that it could not be done"};
  std::vector<std::string> missing = missing_forms(work, expected);
  std::vector<std::string> wanted = subject_stems(expected);
  if (wanted.empty()) wanted = subject_stems(task);
  const std::vector<std::string> stems = content_stems(work);
  const std::size_t met = shared(wanted, stems);
  if (2 * met < wanted.size()) {
    std::string absent;
    std::size_t shown = 0;
    for (const std::string& one : wanted)
      if (!has_word(stems, one) && shown++ < kMissingShown) absent += (absent.empty() ? "" : ", ") + one;
    missing.push_back(fmt::format("more than half of the words of what is expected ({})", absent));
  }
  if (missing.empty())
    return {true,
            fmt::format("by rule: it has the form that is expected and {} of {} words", met, wanted.size())};
  std::string reason = "missing:";
  for (const std::string& one : missing) reason += (reason.ends_with(':') ? " " : "; ") + one;
  return {false, reason};
}

std::string verdict_text(const TeamText& asked) {
  const std::string_view work = asked.material.empty() ? "" : std::string_view(asked.material.back().text);
  Verdict verdict = verdict_on(work, asked.expected, asked.task);
  return dump(Json{{"accept", verdict.accept}, {"reason", std::move(verdict.reason)}});
}

std::string decision_text(const TeamText& asked) {
  struct Side {
    std::string name;
    std::vector<Material> said;
    std::string all;
    std::size_t words = 0, facts = 0;
  };
  std::vector<Side> sides;
  for (const Material& said : told_material(asked)) {
    auto at = std::ranges::find(sides, said.by, &Side::name);
    if (at == sides.end()) at = sides.insert(sides.end(), {said.by, {}, {}});
    at->all += said.text + '\n';
    at->said.push_back(said);
  }
  const Language language = language_of(asked.task);
  if (sides.empty()) return phrases::decided_for_nobody(language);
  const std::vector<std::string> wanted = subject_stems(asked.task);
  for (Side& side : sides) {
    side.words = shared(wanted, content_stems(side.all));
    side.facts = facts_in(side.all);
  }
  const auto weight = [](const Side& side) { return side.words + side.facts; };
  const Side& best = *std::ranges::max_element(sides, {}, weight);
  const bool tie = std::ranges::count(sides, weight(best), weight) > 1;
  std::string text = phrases::decided_for(language, best.name, best.words, best.facts, tie);
  const auto quoted = most_telling(best.said, asked.task, kQuoted);
  if (!quoted.empty()) text += "\n\n" + phrases::what_it_said(language, best.name);
  for (const Telling& one : quoted) text += fmt::format("\n- {}", one.text);
  return text;
}

std::string next_speaker(const TeamText& asked) {
  const std::string last = asked.material.empty() ? "" : asked.material.back().by;
  const std::string_view heard = asked.material.empty() ? "" : std::string_view(asked.material.back().text);
  const std::vector<std::string> wanted =
      content_stems(fmt::format("{}\n{}", asked.task, heard), kWordsWanted);
  const bool others = std::ranges::any_of(asked.listed, [&](const Listed& one) { return one.name != last; });
  const Listed* best = nullptr;
  std::tuple<bool, std::ptrdiff_t, std::size_t> most;
  for (const Listed& one : asked.listed) {
    if (others && one.name == last) continue;
    const std::size_t fits = shared(wanted, content_stems(fmt::format("{} {}", one.name, one.description)));
    const std::tuple rating(names(heard, one.name),
                            -std::ranges::count(asked.material, one.name, &Material::by), fits);
    if (!best || rating > most) best = &one, most = rating;
  }
  return best->name;
}

}  // namespace troupe::models::builtin
