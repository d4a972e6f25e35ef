#include "models/builtin/write_up.h"

#include "models/builtin/shared_words.h"
#include "models/builtin/team_phrases.h"
#include "models/builtin/topic.h"
#include "models/builtin/utf8.h"
#include "models/builtin/wanted_form.h"
#include "models/builtin/words.h"

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace troupe::models::builtin {

namespace {

constexpr std::size_t kSentences = 800;
constexpr std::size_t kSentenceBytes = 600;
constexpr std::size_t kSourcesMax = 20;
constexpr std::string_view kHandedOver = "Handed over to ";  // how a handoff tool answers

std::string_view without_bullet(std::string_view line) {
  line = trim(line);
  for (const std::string_view mark : {"- ", "* ", "• "})
    if (line.starts_with(mark)) return trim(line.substr(mark.size()));
  return line;
}

// "Source: Eiffel Tower — https://…", or an address alone.
std::optional<std::string_view> source_in(std::string_view line) {
  line = without_bullet(line);
  for (const std::string_view label : {"Source:", "Sources:", "출처:"})
    if (line.starts_with(label)) return trim(line.substr(label.size()));
  const bool address = line.starts_with("http://") || line.starts_with("https://");
  return address && line.find(' ') == line.npos ? std::optional(line) : std::nullopt;
}

template <class Use>
void each_line(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    use(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
}

struct Ranked {
  Telling telling;
  std::vector<std::string> stems;
  std::size_t place = 0;
  double score = 0;
};

std::vector<Ranked> sentences_of(const std::vector<Material>& material) {
  std::vector<Ranked> all;
  std::set<std::vector<std::string>> seen;
  for (std::size_t i = 0; i < material.size(); ++i) {
    std::size_t place = 0;
    bool sources = false;  // the list below "Sources:"
    each_line(material[i].text, [&](std::string_view line) {
      if (trim(line).empty()) return;
      const auto source = source_in(line);
      sources = (source && source->empty()) || (sources && trim(line).starts_with("- "));
      if (source || sources || trim(line).starts_with('#')) return;
      for (const std::string_view sentence : sentences(without_bullet(line), kSentences)) {
        std::vector<std::string> stems = content_stems(sentence);
        if (all.size() >= kSentences || stems.empty() || length(sentence) < 6 || sentence.ends_with(':'))
          continue;
        if (!seen.insert(stems).second) continue;
        all.push_back({{clip(sentence, kSentenceBytes), i}, std::move(stems), place++});
      }
    });
  }
  return all;
}

void rank(std::vector<Ranked>& all, const std::vector<std::string>& wanted) {
  std::unordered_map<std::string, double> frequency;
  for (const Ranked& one : all)
    for (const std::string& stem : one.stems) ++frequency[stem];
  for (Ranked& one : all) {
    double returned = 0;
    for (const std::string& stem : one.stems) returned += frequency[stem];
    one.score =
        returned / (4.0 + static_cast<double>(one.stems.size())) / static_cast<double>(all.size() + 1) +
        static_cast<double>(shared(wanted, one.stems)) / (1.0 + static_cast<double>(wanted.size())) +
        0.5 / (1.0 + static_cast<double>(one.place));
  }
}

std::string body(const std::vector<Telling>& chosen, bool list) {
  std::string text;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (i > 0) text += list ? "\n" : chosen[i].material == chosen[i - 1].material ? " " : "\n\n";
    text += (list ? "- " : "") + std::string(chosen[i].text);
  }
  return text;
}

// A sentence goes under the heading that it shares a word with, else under the one that has least.
std::string sections(const std::vector<Telling>& chosen, const std::vector<std::string>& headings,
                     bool list) {
  std::vector<std::vector<Telling>> parts(headings.size());
  for (const Telling& one : chosen) {
    const std::vector<std::string> stems = content_stems(one.text);
    std::size_t best = 0, most = 0;
    for (std::size_t i = 0; i < headings.size(); ++i)
      if (const std::size_t met = shared(content_stems(headings[i]), stems); met > most) best = i, most = met;
    if (most == 0)
      best = static_cast<std::size_t>(std::ranges::min_element(parts, {}, &std::vector<Telling>::size) -
                                      parts.begin());
    parts[best].push_back(one);
  }
  std::string text;
  for (std::size_t i = 0; i < headings.size(); ++i)
    if (!parts[i].empty())
      text += fmt::format("{}## {}\n\n{}", text.empty() ? "" : "\n\n", headings[i], body(parts[i], list));
  return text;
}

std::string sources(const std::vector<Material>& material, Language language) {
  std::vector<std::string> named;
  const auto add = [&](std::string one) {
    if (!one.empty() && named.size() < kSourcesMax && std::ranges::find(named, one) == named.end())
      named.push_back(std::move(one));
  };
  for (const Material& given : material) {
    bool below = false;
    each_line(given.text, [&](std::string_view line) {
      const auto source = source_in(line);
      if (source)
        add(std::string(*source));
      else if (below && trim(line).starts_with("- "))
        add(std::string(without_bullet(line)));
      below = (source && source->empty()) || (below && trim(line).starts_with("- "));
    });
  }
  if (named.empty())
    for (const Material& given : material) {
      const std::string by = given.by.empty() ? "" : fmt::format(", {}", given.by);
      if (!given.of.empty())
        add(given.of + by);
      else if (!given.by.empty())
        add(phrases::said_by(language, given.by));
    }
  std::string text;
  for (const std::string& one : named) text += "\n- " + one;
  return text.empty() ? text : fmt::format("\n\n{}{}", phrases::sources_label(language), text);
}

}  // namespace

std::vector<Telling> most_telling(const std::vector<Material>& material, std::string_view about,
                                  std::size_t count) {
  std::vector<Ranked> all = sentences_of(material);
  rank(all, subject_stems(about));
  std::vector<std::size_t> order(all.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(-all[i].score, i); });
  // The best of each material goes before the second of any.
  std::set<std::size_t> heard;
  std::vector<std::size_t> first, rest;
  for (const std::size_t i : order)
    (heard.insert(all[i].telling.material).second ? first : rest).push_back(i);
  order = std::move(first);
  order.insert(order.end(), rest.begin(), rest.end());
  order.resize(std::min(count, order.size()));
  std::ranges::sort(order);
  std::vector<Telling> chosen;
  for (const std::size_t i : order) chosen.push_back(all[i].telling);
  return chosen;
}

std::vector<Material> told_material(const TeamText& asked) {
  std::vector<Material> told;
  for (const Material& given : asked.material) {
    Material one = given;
    one.text = unwrapped(phrases::told_in(given.text));
    const bool handed = one.of.empty() && one.text.starts_with(kHandedOver);
    if (!one.own && !handed && !one.text.empty()) told.push_back(std::move(one));
  }
  return told;
}

std::string write_up(const TeamText& asked) {
  const std::vector<Material> material = told_material(asked);
  const Language language = language_of(asked.task);
  const WantedForm form = wanted_form(asked);
  const auto chosen =
      most_telling(material, fmt::format("{}\n{}", asked.task, asked.request), form.sentences);
  if (chosen.empty()) return {};
  std::string text = form.title.empty() ? "" : fmt::format("# {}\n\n", form.title);
  text += form.headings.empty() ? body(chosen, form.list) : sections(chosen, form.headings, form.list);
  text += sources(material, language);
  return fmt::format("{}\n\n{}", text, phrases::written_by_rules(language));
}

}  // namespace troupe::models::builtin
